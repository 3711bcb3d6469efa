package main

import (
	"context"
	"io"
	"log"
	"net/http"

	"github.com/coder/websocket"
)

// messageBytes is the largest message that Sallyport takes (packages/protocol/src/limits.ts).
const messageBytes = 64 * 1024

// cutWriter sends what hashicorp/yamux writes at once, up to a whole window, in messages that are not
// too large. Their borders mean nothing.
type cutWriter struct{ io.ReadWriteCloser }

func (w cutWriter) Write(bytes []byte) (int, error) {
	for at := 0; at < len(bytes); at += messageBytes {
		end := min(len(bytes), at+messageBytes)
		if n, err := w.ReadWriteCloser.Write(bytes[at:end]); err != nil {
			return at + n, err
		}
	}
	return len(bytes), nil
}

func dialWebSocket(address string) io.ReadWriteCloser {
	conn, _, err := websocket.Dial(context.Background(), "ws://"+address, nil)
	if err != nil {
		log.Fatal(err)
	}
	return cutWriter{websocket.NetConn(context.Background(), conn, websocket.MessageBinary)}
}

func acceptWebSocket(p *peer) io.ReadWriteCloser {
	accepted := make(chan *websocket.Conn)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			log.Fatal(err)
		}
		accepted <- conn
		select {}
	})
	listener := p.listen()
	go func() { log.Fatal(http.Serve(listener, handler)) }()
	conn := <-accepted
	return cutWriter{websocket.NetConn(context.Background(), conn, websocket.MessageBinary)}
}
