// yamux-peer is hashicorp/yamux under the control of a test: commands come as JSON lines on stdin,
// results leave as JSON lines on stdout. Streams that the other end opens say on their first line what
// is to become of them (serve.go); streams of its own are opened by command (open.go).
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

// command is one line of stdin. Its result carries the same id.
type command struct {
	ID    int    `json:"id"`
	Do    string `json:"do"`
	Bytes int    `json:"bytes"`
	Count int    `json:"count"`
	Key   uint32 `json:"key"`
}

// peer is one session and what the test is told of it.
type peer struct {
	session *yamux.Session
	release chan struct{}
	out     sync.Mutex
}

func (p *peer) tell(event map[string]any) {
	p.out.Lock()
	defer p.out.Unlock()
	event["v"] = 1
	line, err := json.Marshal(event)
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(append(line, '\n'))
}

func main() {
	dial := flag.String("dial", "", "address to dial: this end is the yamux client; default: listen, and be the server")
	transport := flag.String("transport", "tcp", "tcp or websocket")
	backlog := flag.Int("backlog", 256, "streams that may wait to be accepted")
	closeTimeout := flag.Duration("close-timeout", time.Minute, "after which a half-closed stream is reset")
	accept := flag.Bool("accept", true, "accept streams")
	record := flag.String("record", "", "directory to write recorded wire bytes to, instead of all this")
	flag.Parse()
	log.SetOutput(os.Stderr)

	if *record != "" {
		recordAll(*record)
		return
	}
	p := &peer{release: make(chan struct{})}
	conn := connect(p, *dial, *transport)
	config := yamux.DefaultConfig()
	config.EnableKeepAlive = false
	config.AcceptBacklog = *backlog
	config.StreamCloseTimeout = *closeTimeout
	config.LogOutput = os.Stderr
	var err error
	if *dial != "" {
		p.session, err = yamux.Client(conn, config)
	} else {
		p.session, err = yamux.Server(conn, config)
	}
	if err != nil {
		log.Fatal(err)
	}
	p.tell(map[string]any{"event": "ready"})
	if *accept {
		go p.acceptAll()
	}
	p.obey()
}

// connect makes the connection below the session.
func connect(p *peer, dial string, transport string) io.ReadWriteCloser {
	if transport == "websocket" {
		if dial != "" {
			return dialWebSocket(dial)
		}
		return acceptWebSocket(p)
	}
	if dial != "" {
		conn, err := net.Dial("tcp", dial)
		if err != nil {
			log.Fatal(err)
		}
		return conn
	}
	listener := p.listen()
	conn, err := listener.Accept()
	if err != nil {
		log.Fatal(err)
	}
	listener.Close()
	return conn
}

// listen takes a port of the system's choice and says which.
func (p *peer) listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	p.tell(map[string]any{"event": "listening", "port": listener.Addr().(*net.TCPAddr).Port})
	return listener
}

// obey runs until stdin ends.
func (p *peer) obey() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			log.Fatal(err)
		}
		go func() {
			result := p.do(c)
			result["event"] = "result"
			result["id"] = c.ID
			p.tell(result)
		}()
	}
}
