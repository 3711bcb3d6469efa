// Go's net/http as a reader: takes streams (4-byte length, bytes) on stdin, reads each as one connection
// (its requests, or with `responses` its answers), and prints what it read as one line of JSON.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

type request struct {
	Method  string `json:"method"`
	Target  string `json:"target"`
	Host    string `json:"host"`
	Sha256  string `json:"sha256"`
	IsWhole bool   `json:"isWhole"`
}

type reading struct {
	Requests   []request `json:"requests"`
	HasRefused bool      `json:"hasRefused"`
}

// conn gives the server one stream and keeps what it answers.
type conn struct {
	mutex    sync.Mutex
	input    []byte
	output   strings.Builder
	reading  reading
	done     chan struct{}
	once     sync.Once
	deadline chan struct{}
}

func (c *conn) Read(p []byte) (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.input) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.input)
	c.input = c.input[n:]
	return n, nil
}

func (c *conn) Write(p []byte) (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.output.Write(p)
	return len(p), nil
}

func (c *conn) Close() error                     { c.once.Do(func() { close(c.done) }); return nil }
func (c *conn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *conn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

type listener struct{ conns chan net.Conn }

func (l *listener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, io.EOF
	}
	return c, nil
}
func (l *listener) Close() error   { return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// latin1 gives each octet a character: JSON has no others.
func latin1(text string) string {
	runes := make([]rune, len(text))
	for at := 0; at < len(text); at++ {
		runes[at] = rune(text[at])
	}
	return string(runes)
}

type response struct {
	Status  int    `json:"status"`
	Sha256  string `json:"sha256,omitempty"`
	IsWhole bool   `json:"isWhole"`
}

// readResponses reads a stream as a client would: a line with the methods it asked by, then the answers.
func readResponses(stream []byte) []response {
	responses := []response{}
	methods, data, _ := bytes.Cut(stream, []byte("\n"))
	reader := bufio.NewReader(bytes.NewReader(data))
	for _, method := range strings.Fields(string(methods)) {
		var answer *http.Response
		for {
			var err error
			answer, err = http.ReadResponse(reader, &http.Request{Method: method})
			if err != nil {
				return responses
			}
			if answer.StatusCode >= 200 {
				break
			}
		}
		hash := sha256.New()
		_, err := io.Copy(hash, answer.Body)
		read := response{Status: answer.StatusCode, IsWhole: err == nil}
		if err == nil {
			read.Sha256 = hex.EncodeToString(hash.Sum(nil))
		}
		responses = append(responses, read)
		if err != nil || answer.Close {
			return responses
		}
	}
	if _, err := reader.Peek(1); err == nil {
		// Bytes behind the last answer are an answer that nobody asked for.
		responses = append(responses, response{})
	}
	return responses
}

type connKey struct{}

func main() {
	log.SetOutput(io.Discard)
	l := &listener{conns: make(chan net.Conn)}
	server := &http.Server{
		// It would answer `OPTIONS *` without a word to us.
		DisableGeneralOptionsHandler: true,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := r.Context().Value(connKey{}).(*conn)
			hash := sha256.New()
			_, err := io.Copy(hash, r.Body)
			read := request{Method: latin1(r.Method), Target: latin1(r.RequestURI), Host: latin1(r.Host), IsWhole: err == nil}
			if err == nil {
				read.Sha256 = hex.EncodeToString(hash.Sum(nil))
			}
			c.reading.Requests = append(c.reading.Requests, read)
			w.WriteHeader(200)
		}),
	}
	go server.Serve(l)
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for {
		var length uint32
		if binary.Read(input, binary.BigEndian, &length) != nil {
			return
		}
		stream := make([]byte, length)
		if _, err := io.ReadFull(input, stream); err != nil {
			return
		}
		if len(os.Args) > 1 && os.Args[1] == "responses" {
			line, _ := json.Marshal(readResponses(stream))
			output.Write(append(line, '\n'))
			if input.Buffered() == 0 {
				output.Flush()
			}
			continue
		}
		c := &conn{input: stream, done: make(chan struct{})}
		l.conns <- c
		<-c.done
		c.reading.HasRefused = strings.Contains(c.output.String(), "HTTP/1.1 4") || strings.Contains(c.output.String(), "HTTP/1.1 5")
		if c.reading.Requests == nil {
			c.reading.Requests = []request{}
		}
		line, _ := json.Marshal(c.reading)
		output.Write(line)
		output.WriteByte('\n')
		if input.Buffered() == 0 {
			output.Flush()
		}
	}
}
