package main

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

// do runs one command and gives its result.
func (p *peer) do(c command) map[string]any {
	result, err := p.run(c)
	if result == nil {
		result = map[string]any{}
	}
	result["error"] = ""
	if err != nil {
		result["error"] = err.Error()
	}
	return result
}

func (p *peer) run(c command) (map[string]any, error) {
	switch c.Do {
	case "echo":
		return p.echo(c)
	case "many":
		return p.many(c.Count)
	case "half-close":
		return p.halfClose()
	case "stall":
		return p.stall(c)
	case "never-end":
		return p.neverEnd()
	case "open":
		stream, err := p.session.OpenStream()
		if err != nil {
			return nil, err
		}
		return map[string]any{"stream": stream.StreamID()}, nil
	case "read-all":
		return p.readAll()
	case "ping":
		rtt, err := p.session.Ping()
		return map[string]any{"micros": rtt.Microseconds()}, err
	case "go-away":
		return nil, p.session.GoAway()
	case "release":
		close(p.release)
		return nil, nil
	case "state":
		return map[string]any{"streams": p.session.NumStreams(), "closed": p.session.IsClosed()}, nil
	case "close":
		return nil, p.session.Close()
	}
	return nil, errors.New("unknown command " + c.Do)
}

// echo sends bytes and half-closes, while it compares what comes back to the end.
func (p *peer) echo(c command) (map[string]any, error) {
	stream, err := p.session.OpenStream()
	if err != nil {
		return nil, err
	}
	sent := make([]byte, c.Bytes)
	if _, err := io.ReadFull(keystream(c.Key), sent); err != nil {
		return nil, err
	}
	wrote := make(chan error, 1)
	go func() {
		_, err := stream.Write(sent)
		if err == nil {
			err = stream.Close()
		}
		wrote <- err
	}()
	back, err := io.ReadAll(stream)
	if err == nil {
		err = <-wrote
	}
	return map[string]any{"read": len(back), "same": bytes.Equal(back, sent)}, err
}

// many plays ping-pong on so many streams at once.
func (p *peer) many(count int) (map[string]any, error) {
	var group sync.WaitGroup
	var lock sync.Mutex
	good := 0
	for index := 0; index < count; index++ {
		group.Add(1)
		go func() {
			defer group.Done()
			result, err := p.echo(command{Bytes: 100, Key: uint32(index)})
			if err == nil && result["same"] == true {
				lock.Lock()
				good++
				lock.Unlock()
			}
		}()
	}
	group.Wait()
	return map[string]any{"good": good}, nil
}

// halfClose ends its half before it reads the answer.
func (p *peer) halfClose() (map[string]any, error) {
	stream, err := p.session.OpenStream()
	if err != nil {
		return nil, err
	}
	stream.Write([]byte("request"))
	if err := stream.Close(); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(stream)
	return map[string]any{"answer": string(answer)}, err
}

// stall writes to a reader that does not read, until nothing moves for a while; then all of it.
func (p *peer) stall(c command) (map[string]any, error) {
	stream, err := p.session.OpenStream()
	if err != nil {
		return nil, err
	}
	all := make([]byte, c.Bytes)
	io.ReadFull(keystream(c.Key), all)
	stream.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	stalled, err := stream.Write(all)
	if !errors.Is(err, yamux.ErrTimeout) {
		return map[string]any{"stalled": stalled}, err
	}
	p.tell(map[string]any{"event": "stalled", "bytes": stalled})
	stream.SetWriteDeadline(time.Time{})
	if _, err := stream.Write(all[stalled:]); err != nil {
		return nil, err
	}
	if err := stream.Close(); err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, stream)
	return map[string]any{"stalled": stalled}, err
}

// neverEnd half-closes and waits for what never comes: the close timeout resets the stream.
func (p *peer) neverEnd() (map[string]any, error) {
	stream, err := p.session.OpenStream()
	if err != nil {
		return nil, err
	}
	stream.Write([]byte("x"))
	stream.Close()
	_, err = io.Copy(io.Discard, stream)
	return nil, err
}

// readAll opens a stream and reads it to whatever end it has.
func (p *peer) readAll() (map[string]any, error) {
	stream, err := p.session.OpenStream()
	if err != nil {
		return nil, err
	}
	if _, err := stream.Write([]byte("x")); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(stream)
	return map[string]any{"text": string(text)}, err
}
