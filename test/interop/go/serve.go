package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/yamux"
)

func (p *peer) acceptAll() {
	for {
		stream, err := p.session.AcceptStream()
		if err != nil {
			p.tell(map[string]any{"event": "session-over", "error": err.Error()})
			return
		}
		go p.serve(stream)
	}
}

// serve does what the first line of the stream asks for.
func (p *peer) serve(stream *yamux.Stream) {
	reader := bufio.NewReaderSize(stream, 64)
	line, err := reader.ReadString('\n')
	if err != nil {
		p.tell(map[string]any{"event": "served", "stream": stream.StreamID(), "error": err.Error()})
		return
	}
	var bytes int64
	var key uint32
	fields := strings.Fields(line)
	if len(fields) > 1 {
		fmt.Sscan(fields[1], &bytes)
	}
	if len(fields) > 2 {
		fmt.Sscan(fields[2], &key)
	}
	switch fields[0] {
	case "echo":
		_, err = io.Copy(stream, reader)
		stream.Close()
	case "sink":
		bytes, err = sink(stream, reader)
	case "source":
		_, err = io.CopyN(stream, keystream(key), bytes)
		stream.Close()
		io.Copy(io.Discard, reader)
	case "hold":
		// Reads nothing until it is told to.
		<-p.release
		bytes, err = sink(stream, reader)
	case "read":
		// Reads until something ends it, and never ends its own half.
		bytes, err = io.Copy(io.Discard, reader)
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	p.tell(map[string]any{"event": "served", "stream": stream.StreamID(), "bytes": bytes, "error": text})
}

// sink takes all there is and answers with its length and hash.
func sink(stream *yamux.Stream, reader io.Reader) (int64, error) {
	hash := sha256.New()
	bytes, err := io.Copy(hash, reader)
	if err != nil {
		return bytes, err
	}
	fmt.Fprintf(stream, "%d %s", bytes, hex.EncodeToString(hash.Sum(nil)))
	return bytes, stream.Close()
}
