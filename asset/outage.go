package asset

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// A run without a network asks every host once and not once for each asset: what could not be connected to is kept in
// the file "outages" beside the cache's files, for all processes of the run. Each line is a run and a host, or everyHost.
// Lines of other runs count for nothing. The file is a hint: it may be lost, cut or overwritten at any time, and the
// worst that follows is that a host is asked once more.

// everyHost stands for all hosts in the file of outages: the resolver does not answer.
const everyHost = "*"

// errOutage is why a host is not asked.
var errOutage = errors.New("was out of reach earlier in this run")

func (c *Cache) outagesPath() string { return filepath.Join(c.root, "outages") }

// outage returns an error if the host of rawURL, or every host, was out of reach in this run.
func (c *Cache) outage(rawURL string) error {
	lines, err := os.ReadFile(c.outagesPath())
	if err != nil {
		return nil
	}
	host := hostOf(rawURL)
	known := strings.Split(string(lines), "\n")
	for _, h := range []string{host, everyHost} {
		if slices.Contains(known, currentRun()+" "+h) {
			return fmt.Errorf("%s %w", host, errOutage)
		}
	}
	return nil
}

// recordOutage keeps in mind that no connection to the host of rawURL could be made, for the reason err. Failures to
// write are ignored: a cache that is read-only has no memory.
func (c *Cache) recordOutage(rawURL string, err error) {
	host := hostOf(rawURL)
	if dns, ok := errors.AsType[*net.DNSError](err); ok && (dns.IsTimeout || noNetwork(dns)) {
		host = everyHost
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if old, err := os.ReadFile(c.outagesPath()); err == nil && !strings.HasPrefix(string(old), currentRun()+" ") {
		flags |= os.O_TRUNC // of another run
	}
	f, err := os.OpenFile(c.outagesPath(), flags, 0o644)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.WriteString(currentRun() + " " + host + "\n")
}

// noNetwork reports whether this host has no route to a server or to its resolver.
func noNetwork(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		// It keeps no more of the resolver's error than the text.
		return strings.Contains(dns.Err, syscall.ENETUNREACH.Error())
	}
	return errors.Is(err, syscall.ENETUNREACH)
}

// hostOf returns the host of a URL, with the port if it has one.
func hostOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return rawURL
	}
	return u.Host
}
