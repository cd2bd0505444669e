package testhost

import (
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"
)

// qmp speaks QEMU's machine protocol: one JSON object per line each way.
type qmp struct {
	mu      sync.Mutex
	conn    net.Conn
	decoder *json.Decoder
}

// qmpTimeout bounds one command. Under emulation on a loaded computer QEMU can take seconds to look.
const qmpTimeout = 30 * time.Second

type qmpAnswer struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Desc string `json:"desc"`
	} `json:"error"`
}

// newQMP reads the greeting and leaves the mode in which only capabilities can be negotiated.
func newQMP(conn net.Conn) (*qmp, error) {
	q := &qmp{conn: conn, decoder: json.NewDecoder(conn)}
	if err := conn.SetDeadline(time.Now().Add(qmpTimeout)); err != nil {
		return nil, err
	}
	var greeting struct {
		QMP json.RawMessage `json:"QMP"`
	}
	if err := q.decoder.Decode(&greeting); err != nil || greeting.QMP == nil {
		return nil, fmt.Errorf("qemu sent no greeting on its monitor: %w", err)
	}
	return q, q.execute("qmp_capabilities", nil, nil)
}

// execute runs one command and decodes its return value into result unless that is nil.
func (q *qmp) execute(command string, arguments, result any) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.conn.SetDeadline(time.Now().Add(qmpTimeout)); err != nil {
		return fmt.Errorf("qemu monitor: %w", err)
	}
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(q.conn).Encode(request); err != nil {
		return fmt.Errorf("qemu monitor: %s: %w", command, err)
	}
	for {
		var answer qmpAnswer
		if err := q.decoder.Decode(&answer); err != nil {
			return fmt.Errorf("qemu monitor: %s: %w", command, err)
		}
		switch {
		case answer.Error != nil:
			return fmt.Errorf("qemu monitor: %s: %s", command, answer.Error.Desc)
		case answer.Return == nil: // an event, which nobody here waits for
		case result != nil:
			return json.Unmarshal(answer.Return, result)
		default:
			return nil
		}
	}
}

// human runs a command of the monitor for people, for the few things that QMP itself lacks.
func (q *qmp) human(line string) (string, error) {
	var output string
	err := q.execute("human-monitor-command", map[string]any{"command-line": line}, &output)
	return output, err
}

func (q *qmp) close() { q.conn.Close() }
