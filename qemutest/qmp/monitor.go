package qmp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

// defaultRunTimeout bounds Monitor.Run, which has no context of its own.
const defaultRunTimeout = 30 * time.Second

// Monitor makes a client a Monitor of github.com/digitalocean/go-qemu, for its
// typed commands (raw.NewMonitor) and its qemu.Domain.
type Monitor struct {
	// Timeout bounds each Run, 30 s when zero.
	Timeout time.Duration

	client *Client

	mu     sync.Mutex
	ctx    context.Context // ends with Disconnect
	cancel context.CancelFunc
}

var _ qmp.Monitor = (*Monitor)(nil)

// Monitor returns a new view of the client as a go-qemu Monitor.
func (c *Client) Monitor() *Monitor {
	m := &Monitor{client: c}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m
}

// Connect reports whether the client is connected: it is from the start. After
// Disconnect it revives the monitor.
func (m *Monitor) Connect() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx.Err() != nil {
		m.ctx, m.cancel = context.WithCancel(context.Background())
	}
	return m.client.Err()
}

// Disconnect ends the monitor's event streams and its commands in flight. The
// client stays connected: it isn't the monitor's.
func (m *Monitor) Disconnect() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cancel()
	return nil
}

func (m *Monitor) context() context.Context {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ctx
}

// Run runs a command given as JSON and returns the reply as JSON: an object
// with the member "return", and "id" if the command has one. An error reply
// becomes an *Error.
func (m *Monitor) Run(command []byte) ([]byte, error) {
	var request struct {
		Execute   string          `json:"execute"`
		ExecOOB   string          `json:"exec-oob"`
		Arguments json.RawMessage `json:"arguments"`
		ID        json.RawMessage `json:"id"`
	}
	err := json.Unmarshal(command, &request)
	if err == nil && (request.Execute == "") == (request.ExecOOB == "") {
		err = errors.New(`it needs either "execute" or "exec-oob"`)
	}
	if err != nil {
		return nil, fmt.Errorf("expected a QMP command: %w: %s", err, shorten(command, errorText))
	}

	timeout := m.Timeout
	if timeout <= 0 {
		timeout = defaultRunTimeout
	}
	ctx, cancel := context.WithTimeout(m.context(), timeout)
	defer cancel()
	execute, name := m.client.Execute, request.Execute
	if request.ExecOOB != "" {
		execute, name = m.client.ExecuteOOB, request.ExecOOB
	}
	value, err := execute(ctx, name, request.Arguments)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Return json.RawMessage `json:"return"`
		ID     json.RawMessage `json:"id,omitempty"`
	}{value, request.ID})
}

// Events streams the events from now on until ctx ends, Disconnect is called
// or the connection is gone; then the channel is closed. A slow reader delays
// nobody else. One that falls behind by more than the history misses the
// oldest events.
//
// Integers in the data are json.Number: an int64 doesn't fit a float64.
func (m *Monitor) Events(ctx context.Context) (<-chan qmp.Event, error) {
	if err := m.client.Err(); err != nil {
		return nil, err
	}
	stream := make(chan qmp.Event)
	go m.stream(ctx, m.context(), m.client.Cursor(), stream)
	return stream, nil
}

func (m *Monitor) stream(ctx, connected context.Context, from Cursor, stream chan<- qmp.Event) {
	defer close(stream)
	for {
		events, more := m.client.events.since(from)
		for _, e := range events {
			select {
			case stream <- convertEvent(e):
				from = e.Seq + 1
			case <-ctx.Done():
				return
			case <-connected.Done():
				return
			}
		}
		if more == nil {
			return
		}
		select {
		case <-more:
		case <-ctx.Done():
			return
		case <-connected.Done():
			return
		}
	}
}

// convertEvent makes a go-qemu event.
func convertEvent(e Event) qmp.Event {
	converted := qmp.Event{Event: e.Name}
	if e.Data != nil {
		// Data is valid JSON; if it isn't an object, the map stays nil.
		_ = decodeValue(e.Data, &converted.Data)
	}
	if !e.Time.IsZero() {
		converted.Timestamp.Seconds = e.Time.Unix()
		converted.Timestamp.Microseconds = int64(e.Time.Nanosecond() / int(time.Microsecond))
	}
	return converted
}
