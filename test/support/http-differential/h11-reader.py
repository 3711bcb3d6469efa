# Python's h11 as a reader: takes streams (4-byte length, bytes) on stdin, reads each as one connection,
# and prints what it read as one line of JSON.
import hashlib
import json
import struct
import sys

import h11

OK = h11.Response(status_code=200, headers=[("Content-Length", "0")])


def read(stream):
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(stream)
    connection.receive_data(b"")
    requests, refused = [], False
    body = None
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                break
            if event is h11.PAUSED:
                # The answer to what was read; without one h11 reads no further.
                if connection.our_state is h11.SEND_RESPONSE:
                    connection.send(OK)
                if connection.our_state is h11.SEND_BODY:
                    connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    break
                connection.start_next_cycle()
            elif isinstance(event, h11.Request):
                host = b"".join(value for name, value in event.headers if name == b"host")
                body = hashlib.sha256()
                requests.append(
                    {
                        "method": event.method.decode("latin-1"),
                        "target": event.target.decode("latin-1"),
                        "host": host.decode("latin-1"),
                        "isWhole": False,
                    }
                )
            elif isinstance(event, h11.Data):
                body.update(event.data)
            elif isinstance(event, h11.EndOfMessage):
                requests[-1]["isWhole"] = True
                requests[-1]["sha256"] = body.hexdigest()
                connection.send(OK)
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    break
                connection.start_next_cycle()
    except h11.RemoteProtocolError:
        refused = True
    return {"requests": requests, "hasRefused": refused}


def read_responses(stream):
    methods, _, data = stream.partition(b"\n")
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    responses = []
    fed = False
    try:
        for method in methods.split():
            request = h11.Request(method=method, target="/", headers=[("Host", "app.example.com")])
            connection.send(request)
            connection.send(h11.EndOfMessage())
            if not fed:
                connection.receive_data(data)
                connection.receive_data(b"")
                fed = True
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Response):
                    body = hashlib.sha256()
                    responses.append({"status": event.status_code, "isWhole": False})
                elif isinstance(event, h11.Data):
                    body.update(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    responses[-1]["isWhole"] = True
                    responses[-1]["sha256"] = body.hexdigest()
                    break
                elif not isinstance(event, h11.InformationalResponse):
                    return responses
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return responses
            connection.start_next_cycle()
        # Bytes behind the last answer are an answer that nobody asked for.
        if connection.trailing_data[0]:
            responses.append({"status": 0, "isWhole": False})
    except h11.RemoteProtocolError:
        pass
    return responses


def main():
    source, sink = sys.stdin.buffer, sys.stdout
    answer = read_responses if sys.argv[1:] == ["responses"] else read
    while True:
        length = source.read(4)
        if len(length) < 4:
            return
        stream = source.read(struct.unpack(">I", length)[0])
        sink.write(json.dumps(answer(stream)) + "\n")
        sink.flush()


main()
