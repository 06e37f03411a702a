package qemutest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

// What a process of the table of deaths does before it dies: it brings machines
// into a state, with everything else that a test can hold, says that it is
// ready, and dies by itself or waits to be killed.

const (
	// tagEnv marks a process and all its descendants, so that they can be found.
	tagEnv = "QEMUTEST_TAG"
	// stateEnv names the state of the machines, and deathEnv what the process
	// does then.
	stateEnv = "QEMUTEST_STATE"
	deathEnv = "QEMUTEST_DEATH"
	// readyEnv is the file that a process makes when it is ready, and startedEnv
	// the one that it makes first.
	readyEnv   = "QEMUTEST_READY"
	startedEnv = "QEMUTEST_STARTED"
)

// assetContent is that of the asset that the doomed process uses.
const assetContent = "an asset"

var assetHash = func() string {
	sum := sha256.Sum256([]byte(assetContent))
	return hex.EncodeToString(sum[:])
}()

// forking is a wrapper that leaves QEMU to a child.
var forking = []string{"/bin/sh", "-c", `"$@" & wait`, "sh"}

// machineStates are the states in which a test process can die.
var machineStates = map[string]func(t *testing.T, q *qemutest.Test){
	"starting": func(t *testing.T, q *qemutest.Test) {
		q.Scratch()
		// The first has not become QEMU yet, the second has not run it.
		for i, script := range []string{`: >"$0"; exec sleep 1000`, `sleep 1000 & : >"$0"; wait`} {
			// What a machine is given of the scratch directory stays if the test fails.
			begun := q.Log("begun" + strconv.Itoa(i))
			vm := q.NamedVM("vm"+strconv.Itoa(i)).SetWrapper("/bin/sh", "-c", script, begun)
			go func() { _ = vm.TryLaunch() }() // the test is over before
			require.Eventually(t, func() bool {
				_, err := os.Stat(begun)
				return err == nil
			}, time.Minute, time.Millisecond)
		}
	},
	"running": func(t *testing.T, q *qemutest.Test) {
		vm := q.VM("-machine", "pc,graphics=off").SetWrapper(forking...)
		vm.Launch()
		vm.WaitFor("SeaBIOS (version")
	},
	"paused": func(t *testing.T, q *qemutest.Test) {
		vm := q.VM("-machine", "pc").SetWrapper(forking...)
		vm.Launch()
		vm.QMP("stop")
		vm.WaitForEvent("STOP")
	},
	"migrating": func(t *testing.T, q *qemutest.Test) {
		uri := "unix:" + filepath.Join(q.SocketDir(), "migration")
		source, destination := q.NamedVM("source", "-machine", "pc"), q.NamedVM("destination", "-machine", "pc", "-incoming", uri)
		destination.ExpectExit(machine.Exited) // when the source ends before it
		destination.Launch()
		source.Launch()
		source.QMP("migrate-set-capabilities", qemutest.Args{
			"capabilities": []qemutest.Args{{"capability": "events", "state": true}},
		})
		source.QMP("migrate-set-parameters", qemutest.Args{"max-bandwidth": 4096}) // bytes per second
		source.QMP("migrate", qemutest.Args{"uri": uri})
		source.WaitForEvent("MIGRATION", qemutest.Args{"status": "active"})
	},
	"eight machines": func(t *testing.T, q *qemutest.Test) {
		for i := range 8 {
			vm := q.NamedVM("vm"+strconv.Itoa(i), "-machine", "none")
			if i%2 == 0 {
				vm.SetWrapper(forking...)
			}
			vm.Launch()
		}
	},
}

// doom is the scenario of the table.
func doom(t *testing.T) {
	announce(t, startedEnv)
	q := newX86(t, qemutest.Timeout(time.Hour), qemutest.Memory(1<<30), qemutest.Quick())
	q.Fetch(asset.New("https://example.org/asset", assetHash))
	require.NoError(t, os.WriteFile(q.Scratch("file"), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(q.SocketDir(), "file"), nil, 0o644))
	machineStates[os.Getenv(stateEnv)](t, q)
	announce(t, readyEnv)
	switch os.Getenv(deathEnv) {
	case "t.Fatal":
		t.Fatal("the test fails")
	case "panic in a goroutine":
		go panic("a bug")
		select {}
	case "runtime.Goexit":
		runtime.Goexit()
	case "os.Exit":
		os.Exit(3)
	case "passes":
	default:
		select {} // until it is killed
	}
}

func announce(t *testing.T, variable string) {
	if file := os.Getenv(variable); file != "" {
		require.NoError(t, os.WriteFile(file, nil, 0o644))
	}
}
