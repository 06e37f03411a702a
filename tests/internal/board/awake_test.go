package board

import (
	"encoding/json"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest/qmp"
)

// The main loop gets something to do again and again, up to the stop.
func TestKeepAwake(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	asked := make(chan string, 100)
	go func() {
		defer close(asked)
		fmt.Fprintln(theirs, `{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 10}, "package": ""}, "capabilities": []}}`)
		for commands := json.NewDecoder(theirs); ; {
			var command struct {
				Execute string
				ID      json.RawMessage
			}
			if commands.Decode(&command) != nil {
				return
			}
			asked <- command.Execute
			fmt.Fprintf(theirs, "{\"return\": {}, \"id\": %s}\n", command.ID)
		}
	}()
	monitor, err := qmp.NewClient(t.Context(), ours, qmp.Options{})
	require.NoError(t, err)
	assert.Equal(t, "qmp_capabilities", <-asked)

	stop := keepAwake(t.Context(), monitor)
	assert.Equal(t, "query-status", <-asked)
	assert.Equal(t, "query-status", <-asked)
	stop()
	for len(asked) > 0 {
		<-asked
	}
	require.NoError(t, monitor.Close())
	_, more := <-asked
	assert.False(t, more)
}
