package main

import (
	"encoding/hex"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

// tap keeps what passes towards the other end.
type tap struct {
	net.Conn
	lock  sync.Mutex
	bytes []byte
}

func (t *tap) Write(bytes []byte) (int, error) {
	t.lock.Lock()
	t.bytes = append(t.bytes, bytes...)
	t.lock.Unlock()
	return t.Conn.Write(bytes)
}

// recordAll plays one conversation between two yamux ends and writes down what each said: an echo of
// 100 bytes, an echo of 20,000, a half-close with a late answer, a reset, a ping, a go away.
func recordAll(directory string) {
	near, far := net.Pipe()
	client, server := &tap{Conn: near}, &tap{Conn: far}
	config := yamux.DefaultConfig()
	config.EnableKeepAlive = false
	config.StreamCloseTimeout = 100 * time.Millisecond
	config.LogOutput = io.Discard
	serving, err := yamux.Server(server, config)
	check(err)
	opening, err := yamux.Client(client, config)
	check(err)

	for index, bytes := range []int64{100, 20_000} {
		here, there := open(opening, serving)
		go func() {
			io.CopyN(here, keystream(uint32(index+1)), bytes)
			here.Close()
		}()
		io.Copy(there, there)
		there.Close()
		io.Copy(io.Discard, here)
	}

	here, there := open(opening, serving)
	here.Write([]byte("request"))
	here.Close()
	request, err := io.ReadAll(there)
	check(err)
	there.Write(append([]byte("answer to "), request...))
	there.Close()
	io.Copy(io.Discard, here)

	// Its other half never ends, so the close timeout resets it.
	here, _ = open(opening, serving)
	here.Write([]byte("reset me"))
	here.Close()
	io.Copy(io.Discard, here)
	for serving.NumStreams() > 0 {
		time.Sleep(time.Millisecond)
	}

	_, err = opening.Ping()
	check(err)
	_, err = serving.Ping()
	check(err)
	check(opening.GoAway())
	check(serving.GoAway())
	for name, bytes := range map[string][]byte{"client.hex": client.bytes, "server.hex": server.bytes} {
		text := hex.EncodeToString(bytes)
		lines := ""
		for ; len(text) > 128; text = text[128:] {
			lines += text[:128] + "\n"
		}
		check(os.WriteFile(filepath.Join(directory, name), []byte(lines+text+"\n"), 0o644))
	}
}

// open opens a stream and accepts it at the other end.
func open(opening, serving *yamux.Session) (*yamux.Stream, *yamux.Stream) {
	here, err := opening.OpenStream()
	check(err)
	there, err := serving.AcceptStream()
	check(err)
	return here, there
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
