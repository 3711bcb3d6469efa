// A live peer for the interop tests: hashicorp/yamux itself, over TCP and over WebSocket.
module sallyport.test/yamux-peer

go 1.23

require (
	github.com/coder/websocket v1.8.15
	github.com/hashicorp/yamux v0.1.2
)
