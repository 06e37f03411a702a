//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qemutest/functional/tests/internal/board/report"
)

// useDisk reads what the host wrote, and writes what the host reads.
func (e *events) useDisk(pattern string) error {
	path, err := e.waitForMatch(pattern)
	if err != nil {
		return err
	}
	disk, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer disk.Close()
	hash, err := hashOf(io.LimitReader(disk, report.PatternSize))
	if err != nil {
		return err
	}
	say(report.KindRead, hash)
	n, err := disk.WriteAt(report.Pattern(report.ToDisk), report.DiskOffset)
	if err != nil {
		return err
	}
	if err := disk.Sync(); err != nil {
		return err
	}
	say(report.KindWritten, n)
	return nil
}

// useNetwork fetches a file from the host, and serves another one until the
// host has it.
func (e *events) useNetwork(job report.Job) error {
	if err := e.waitForPath("/sys/class/net/" + job.Interface); err != nil {
		return err
	}
	if err := configure("lo", [4]byte{127, 0, 0, 1}); err != nil {
		return err
	}
	// The address that QEMU's user network gives to the first machine by DHCP.
	if err := configure(job.Interface, [4]byte{10, 0, 2, 15}); err != nil {
		return err
	}
	hash, err := fetch(job.URL)
	if err != nil {
		return err
	}
	say(report.KindFetched, hash)
	return serve(job.Port)
}

func fetch(url string) (hash string, err error) {
	response, err := http.Get(url)
	for start := time.Now(); errors.Is(err, unix.EHOSTUNREACH) && time.Since(start) < patience; {
		// The link is not up yet, which the kernel waits three seconds for.
		response, err = http.Get(url)
	}
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("expected %s to be served, but the answer is %s", url, response.Status)
	}
	return hashOf(response.Body)
}

// serve serves the pattern for the host until it says that it has it.
func serve(port int) error {
	listener, err := net.Listen("tcp", fmt.Sprint(":", port))
	if err != nil {
		return err
	}
	fetched := make(chan struct{}, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pattern", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(report.Pattern(report.ForHost)) // the host sees what is missing
	})
	mux.HandleFunc("POST /fetched", func(http.ResponseWriter, *http.Request) { fetched <- struct{}{} })
	server := &http.Server{Handler: mux}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	say(report.KindServing, port)
	select {
	case err := <-failed:
		return err
	case <-fetched:
		return server.Shutdown(context.Background()) // after the answer was sent
	}
}

func hashOf(r io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// configure gives an interface an address in a network of 24 bits, and takes
// it up (netdevice(7)).
func configure(name string, address [4]byte) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	for _, set := range []struct {
		request uint
		address [4]byte
	}{
		{unix.SIOCSIFADDR, address},
		{unix.SIOCSIFNETMASK, [4]byte{255, 255, 255, 0}},
	} {
		ifreq, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := ifreq.SetInet4Addr(set.address[:]); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(socket, set.request, ifreq); err != nil {
			return fmt.Errorf("setting the address of %s: %w", name, err)
		}
	}
	ifreq, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	ifreq.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, ifreq); err != nil {
		return fmt.Errorf("taking %s up: %w", name, err)
	}
	return nil
}
