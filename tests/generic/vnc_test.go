package generic

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

var newPassword = qemutest.Args{"password": "new_password"}

func TestGenericVNCNone(t *testing.T) {
	eachTarget(t, func(t *testing.T, target string) {
		q := qemutest.New(t, target, qemutest.Machine("none"))
		vm := q.VM("-nodefaults", "-S")
		vm.Launch()
		require.False(t, queryVNC(q, vm).Enabled)
		requireNoPassword(t, vm, "No VNC display is present")
	})
}

func TestGenericVNCPasswordDisabled(t *testing.T) {
	eachTarget(t, func(t *testing.T, target string) {
		q := qemutest.New(t, target, qemutest.Machine("none"))
		vm := launchVNC(q, "127.0.0.1:1,to=999")
		require.True(t, queryVNC(q, vm).Enabled)
		requireNoPassword(t, vm, "VNC password authentication is disabled")
	})
}

func TestGenericVNCPassword(t *testing.T) {
	eachTarget(t, func(t *testing.T, target string) {
		q := qemutest.New(t, target, qemutest.Machine("none"))
		vm := launchVNC(q, "127.0.0.1:1,to=999,password=on")
		require.True(t, queryVNC(q, vm).Enabled)
		vm.QMP("change-vnc-password", newPassword)
	})
}

// A display can be moved from one port to two others. QEMU chooses all ports,
// and the name of the display tells whether it is this one that answers.
func TestGenericVNCChangeListen(t *testing.T) {
	eachTarget(t, func(t *testing.T, target string) {
		q := qemutest.New(t, target, qemutest.Machine("none"))
		vm := launchVNC(q, "127.0.0.1:1,to=999", "-name", t.Name())
		before := queryVNC(q, vm).Service
		requireDisplay(t, before)

		anyPort := qemutest.Args{"type": "inet", "host": "127.0.0.1", "port": "0"}
		vm.QMP("display-update", qemutest.Args{"type": "vnc", "addresses": []qemutest.Args{anyPort, anyPort}})
		after := vncPorts(vm)
		require.Len(t, after, 2)
		require.NotContains(t, after, before)
		assert.Contains(t, after, queryVNC(q, vm).Service)
		for _, port := range after {
			requireDisplay(t, port)
		}
		if name, err := displayName(before); err == nil {
			require.NotEqual(t, ownDisplay(t), name, "the old port still answers")
		}
	})
}

// launchVNC starts a machine with a VNC display, or skips the test if QEMU was
// built without.
func launchVNC(q *qemutest.Test, display string, args ...string) *qemutest.VM {
	vm := q.VM(append([]string{"-nodefaults", "-S", "-vnc", display}, args...)...)
	err := vm.TryLaunch()
	var failure *machine.LaunchError
	if errors.As(err, &failure) {
		for _, missing := range []string{"-vnc: invalid option", "Cipher backend does not support DES algorithm"} {
			if strings.Contains(failure.Output, missing) {
				q.Skip(qemutest.KindFeature, "QEMU was built without it: %s", missing)
			}
		}
	}
	q.Check(err)
	return vm
}

// vncInfo is a part of QMP's VncInfo.
type vncInfo struct {
	Enabled bool   `json:"enabled"`
	Service string `json:"service"` // TCP port
}

func queryVNC(q *qemutest.Test, vm *qemutest.VM) vncInfo {
	_, err := vm.TryQMP("query-vnc")
	var failure *qmp.Error
	if errors.As(err, &failure) && failure.Class == "CommandNotFound" {
		q.Skip(qemutest.KindFeature, "QEMU was built without VNC")
	}
	return qemutest.Query[vncInfo](vm, "query-vnc")
}

// vncPorts returns the TCP ports on which VNC displays listen.
func vncPorts(vm *qemutest.VM) []string {
	type display struct {
		Server []struct {
			Service string `json:"service"`
		} `json:"server"`
	}
	var ports []string
	for _, d := range qemutest.Query[[]display](vm, "query-vnc-servers") {
		for _, server := range d.Server {
			ports = append(ports, server.Service)
		}
	}
	return ports
}

func requireNoPassword(t *testing.T, vm *qemutest.VM, desc string) {
	t.Helper()
	_, err := vm.TryQMP("change-vnc-password", newPassword)
	var failure *qmp.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, "GenericError", failure.Class)
	// Older versions do not say why.
	require.Contains(t, []string{desc, "Could not set password"}, failure.Desc)
}

// requireDisplay checks that the display of this test answers on a port.
func requireDisplay(t *testing.T, port string) {
	t.Helper()
	name, err := displayName(port)
	require.NoError(t, err, "connecting to the VNC display on port %s", port)
	require.Equal(t, ownDisplay(t), name)
}

// ownDisplay returns the name that QEMU gives to the display of a machine with
// the name of the test.
func ownDisplay(t *testing.T) string { return "QEMU (" + t.Name() + ")" }

// displayName connects to a VNC display without authentication and returns its
// name: the handshake of the RFB protocol 3.8 (RFC 6143, section 7).
func displayName(port string) (string, error) {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", port), 10*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	const version = "RFB 003.008\n"
	if _, err := io.ReadFull(conn, make([]byte, len(version))); err != nil {
		return "", err
	}
	// The version, the security type None, and a shared session.
	if _, err := conn.Write([]byte(version + "\x01\x01")); err != nil {
		return "", err
	}
	types := make([]byte, 1)
	if _, err := io.ReadFull(conn, types); err != nil {
		return "", err
	}
	// The list of security types, the result of the security handshake, and
	// ServerInit up to the length of the name.
	head := make([]byte, int(types[0])+4+24)
	if _, err := io.ReadFull(conn, head); err != nil {
		return "", err
	}
	name := make([]byte, min(binary.BigEndian.Uint32(head[len(head)-4:]), 1024))
	_, err = io.ReadFull(conn, name)
	return string(name), err
}
