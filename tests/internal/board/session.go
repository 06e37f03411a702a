package board

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/tests/internal/board/report"
)

// session is one run of a board.
type session struct {
	Board
	q  *qemutest.Test
	vm *qemutest.VM
	// Paths of the image and of what the EEPROM holds, "" for none.
	disk, eeprom string
}

// line waits for a line of the guest's program and returns its value. It fails
// the test if the guest reports a failure instead.
func line[T any](s *session, kind string) T {
	match := s.vm.Wait(console.Wait{
		Success: []console.Pattern{console.Regexp(report.Expression(kind))},
		Failure: []console.Pattern{console.Regexp(report.Expression(report.KindFailed))},
	})
	value, err := report.Decode[T](match.Submatches[1])
	s.q.Check(err)
	return value
}

func (s *session) checkFacts() {
	facts := line[report.Facts](s, report.KindFacts)
	s.q.Check(s.check(facts))
}

func (s *session) checkSMP() {
	s.q.Check(same("the number of CPUs that ran a thread", cmp.Or(s.CPUs, 1), line[int](s, report.KindSMP)))
}

func (s *session) checkDisk() {
	if s.disk == "" {
		return
	}
	s.q.Check(same("the SHA-256 of what the guest read from "+s.Disk.Device,
		hash(report.Pattern(report.OnDisk)), line[string](s, report.KindRead)))
	s.q.Check(same("the number of bytes that the guest wrote", report.PatternSize, line[int](s, report.KindWritten)))
}

// writeDisk makes the image of a disk that begins with a pattern. Its size is
// a power of two, because QEMU refuses SD cards of another one.
func writeDisk(path string) error {
	if err := os.WriteFile(path, report.Pattern(report.OnDisk), 0o644); err != nil {
		return err
	}
	return os.Truncate(path, 2*report.DiskOffset)
}

// checkImage checks, when QEMU has ended, that the image has what the guest
// wrote.
func checkImage(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	written := make([]byte, report.PatternSize)
	if _, err := file.ReadAt(written, report.DiskOffset); err != nil {
		return err
	}
	return same("the SHA-256 of what the guest wrote, in the image of the disk",
		hash(report.Pattern(report.ToDisk)), hash(written))
}

// serve serves a pattern on the host, and returns the URL under which the guest
// of a user network finds it.
func (s *session) serve() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.q.Check(err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(report.Pattern(report.ForGuest)) // the guest's hash tells what got through
	})}
	go server.Serve(listener)                                   //nolint:errcheck // ends with the context
	context.AfterFunc(s.q.Context(), func() { server.Close() }) // whatever way the test ends
	return fmt.Sprintf("http://10.0.2.2:%d/pattern", listener.Addr().(*net.TCPAddr).Port)
}

// checkNetwork checks what the guest fetched, and fetches what it serves.
func (s *session) checkNetwork() {
	if s.NIC.Interface == "" {
		return
	}
	s.q.Check(same("the SHA-256 of what the guest fetched from the host",
		hash(report.Pattern(report.ForGuest)), line[string](s, report.KindFetched)))
	line[int](s, report.KindServing)
	base := fmt.Sprintf("http://127.0.0.1:%d", s.vm.HostForward(guestPort))
	data, err := request(s.q.Context(), http.MethodGet, base+"/pattern")
	s.q.Check(err)
	s.q.Check(same("the SHA-256 of what the host fetched from the guest",
		hash(report.Pattern(report.ForHost)), hash(data)))
	// The answer may not get out before the guest ends: that it went on is told
	// by its next line.
	if _, err := request(s.q.Context(), http.MethodPost, base+"/fetched"); err != nil {
		s.q.Logf("told the guest that its file was fetched: %v", err)
	}
}

// request sends a request, whatever proxies the environment names, and returns
// the body of the answer.
func request(ctx context.Context, method, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the guest: %w", err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, response.Body); err != nil {
		return nil, fmt.Errorf("the guest's answer to %s %s broke off after %d bytes: %w", method, url, body.Len(), err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("expected the guest to answer %s %s, but it says %s", method, url, response.Status)
	}
	return body.Bytes(), nil
}

// checkEnd checks how the machine ends, and what it leaves on its disk.
func (s *session) checkEnd() {
	how := line[report.Ending](s, report.KindDone)
	want := machine.GuestShutdown
	switch {
	case s.Halts:
		s.vm.WaitForRegexp("reboot: (Power off not available: )?(System halted|Power down)")
		s.vm.Shutdown()
	case how == report.Watchdog:
		s.vm.WaitForEvent("WATCHDOG", qemutest.Args{"action": "reset"})
		want = machine.GuestReset
	case how == report.Restart:
		want = machine.GuestReset
	}
	if !s.Halts {
		exit := s.vm.WaitForExit()
		if exit.Kind != want {
			s.q.Check(fmt.Errorf("expected the machine to end by %s of the guest, as %v, but %s", how, want, exit))
		}
	}
	console := s.vm.Machine().Consoles()[0]
	s.q.Check(failureIn(io.NewSectionReader(console, 0, console.Size())))
	if s.disk != "" {
		s.q.Check(checkImage(s.disk))
	}
	if s.eeprom != "" {
		s.q.Check(checkEEPROMFile(s.eeprom))
	}
}

// failed matches the line in which the guest reports a failure.
var failed = regexp.MustCompile(report.Expression(report.KindFailed))

// failureIn returns an error if the guest has reported a failure. Nothing waits
// for a line after the last one, where a watchdog that can't be armed is told,
// and a guest that ends all the same.
func failureIn(output io.Reader) error {
	text, err := io.ReadAll(output)
	if err != nil {
		return err
	}
	match := failed.FindSubmatch(text)
	if match == nil {
		return nil
	}
	return fmt.Errorf("expected the guest to report no failure, but it says %s", bytes.TrimSpace(match[1]))
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
