//go:build linux

package guest_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest/guest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// sshServer runs commands on this host for who logs in as user with password.
type sshServer struct {
	config   *ssh.ServerConfig
	listener net.Listener
	refuse   int // connections that end at once, before it serves

	mu       sync.Mutex
	conns    []net.Conn
	mute     int // connections that are taken and get no word
	occupied int // sessions to refuse
}

func startSSHServer(t *testing.T, refuse int) *sshServer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	s := &sshServer{refuse: refuse, config: &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if c.User() != "user" || string(password) != "password" {
				return nil, errors.New("wrong")
			}
			return nil, nil
		},
	}}
	s.config.AddHostKey(signer)
	s.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(s.accept)
	t.Cleanup(serving.Wait)
	t.Cleanup(s.disconnect)
	t.Cleanup(func() { _ = s.listener.Close() })
	return s
}

// guest returns the guest that is this host.
func (s *sshServer) guest(t *testing.T, password string) *guest.Guest {
	g := guest.NewSSH(func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", s.listener.Addr().String())
	}, &ssh.ClientConfig{
		User:            "user",
		Auth:            []ssh.AuthMethod{ssh.Password(password)},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	t.Cleanup(func() { _ = g.Close() })
	return g
}

func (s *sshServer) disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
}

func (s *sshServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		if s.refuse > 0 {
			s.refuse--
			_ = conn.Close()
			continue
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		if s.mute > 0 {
			s.mute--
		} else {
			go s.serve(conn)
		}
		s.mu.Unlock()
	}
}

func (s *sshServer) serve(conn net.Conn) {
	_, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		if s.isOccupied() {
			_ = c.Reject(ssh.ResourceShortage, "open failed")
			continue
		}
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go session(channel, requests)
	}
}

// isOccupied reports whether a session is to be refused.
func (s *sshServer) isOccupied() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.occupied--
	return s.occupied >= 0
}

// disturb makes the server keep silent, and refuse sessions, as often as told.
func (s *sshServer) disturb(mute, occupied int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute, s.occupied = mute, occupied
}

// session runs the command of a session, as sshd does: it ends when nobody has
// its outputs open any more.
func session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for r := range requests {
		var command struct{ Text string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		go func() {
			cmd := exec.Command("sh", "-c", command.Text)
			stdin, _ := cmd.StdinPipe()
			cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
			if cmd.Start() == nil {
				go func() {
					_, _ = io.Copy(stdin, channel)
					_ = stdin.Close()
				}()
				_ = cmd.Wait()
			}
			status := struct{ Status uint32 }{uint32(cmd.ProcessState.ExitCode())}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
			_ = channel.Close()
		}()
	}
}

func TestSSH(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, context.Context, *guest.Guest){
		"commands": checkCommands,
		"statuses": checkStatuses,
		"limits":   checkLimits,
		"files": func(t *testing.T, ctx context.Context, g *guest.Guest) {
			checkFiles(t, ctx, g, 3<<20)
		},
		"many at once": checkManyCommands,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			test(t, ctx, startSSHServer(t, 2).guest(t, "password"))
		})
	}
}

func TestSSHWithAWrongPassword(t *testing.T) {
	t.Parallel()
	_, err := startSSHServer(t, 0).guest(t, "guess").Wait(t.Context())
	assert.ErrorContains(t, err, "logging in to the guest by ssh")
}

func TestSSHThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := startSSHServer(t, 0)
	require.NoError(t, s.listener.Close())
	g := s.guest(t, "password")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := g.Wait(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "expected an ssh server in the guest")
	assert.ErrorContains(t, err, "last attempt")
}

// Each call has its own time, while another one tries to connect, and all end
// when the guest is closed.
func TestSSHCallsThatWaitForAConnection(t *testing.T) {
	t.Parallel()
	s := startSSHServer(t, 0)
	require.NoError(t, s.listener.Close())
	g := s.guest(t, "password")
	patient := make(chan error, 1)
	go func() {
		_, err := g.Wait(context.Background())
		patient <- err
	}()
	time.Sleep(50 * time.Millisecond) // so that it is the first, most of the time
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := g.Wait(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, g.Close())
	require.ErrorIs(t, <-patient, net.ErrClosed)
	_, err = g.Wait(context.Background())
	require.ErrorIs(t, err, net.ErrClosed)
}

// QEMU's user network takes a connection for a guest that never hears of it.
func TestSSHServerThatSaysNothing(t *testing.T) {
	t.Parallel()
	s := startSSHServer(t, 0)
	s.disturb(1, 0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := s.guest(t, "password").Wait(ctx)
	require.NoError(t, err)
}

func TestSSHSessionsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := startSSHServer(t, 0)
	g := s.guest(t, "password")
	_, err := g.Wait(t.Context())
	require.NoError(t, err)
	s.disturb(0, 3)
	output, err := g.Output(t.Context(), "echo", "later")
	require.NoError(t, err)
	assert.Equal(t, "later\n", string(output))

	s.disturb(0, 1000)
	_, err = g.Output(t.Context(), "echo", "never")
	assert.ErrorContains(t, err, "opening a session in the guest")
}

func TestSSHConnectionThatIsLost(t *testing.T) {
	t.Parallel()
	s := startSSHServer(t, 0)
	g := s.guest(t, "password")
	output, started := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		_, err := g.Run(t.Context(), guest.Command{Args: []string{"sh", "-c", "echo; exec sleep 5"}, Stdout: started})
		failed <- err
	}()
	_, err := io.ReadFull(output, make([]byte, 1))
	require.NoError(t, err)
	s.disconnect()
	assert.ErrorContains(t, <-failed, "the connection to the guest was closed")
	text, err := g.Output(t.Context(), "echo", "again")
	require.NoError(t, err)
	assert.Equal(t, "again\n", string(text))
}
