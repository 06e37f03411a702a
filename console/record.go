package console

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// receiveSize is how much is read from the connection at once, in bytes: what
// a unix socket with a buffer of the default size can hold.
const receiveSize = 256 << 10

// A recorder is the reading side of a console: one goroutine that takes what
// arrives, writes it to the logs, and then makes it part of the transcript.
type recorder struct {
	raw   *os.File    // every byte as it came
	strip *stripper   // nil unless the transcript differs from raw
	text  *transcript // its file is raw, or with strip another
	timed *timedLog   // nil if not wanted
	watch *watch
}

// newRecorder opens the logs.
func newRecorder(opts Options, watch *watch, opened time.Time) (_ *recorder, err error) {
	var files []*os.File
	open := func(path string) (file *os.File) {
		if err == nil {
			file, err = openLog(path)
			files = append(files, file)
		}
		return file
	}
	r := &recorder{watch: watch, raw: open(opts.LogPath)}
	r.text = &transcript{last: opened, file: r.raw}
	if opts.StripANSI {
		r.strip = new(stripper)
		r.text.file = open("")
	}
	if opts.TimedLogPath != "" {
		r.timed = &timedLog{file: open(opts.TimedLogPath), opened: opened}
	}
	if err != nil {
		for _, file := range files {
			file.Close() // a nil file returns an error, which is of no interest here
		}
		return nil, err
	}
	return r, nil
}

// openLog opens an empty file, one that has no name if path is empty.
func openLog(path string) (*os.File, error) {
	if path != "" {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	}
	file, err := os.CreateTemp("", "console-*.log")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// record takes what arrives on conn until it ends. If the log can't be
// written, waits end with that error, but the guest is not held up: what it
// prints is read and dropped. It calls added each time that the transcript has
// grown or ended. The error is that of the other logs.
func (r *recorder) record(conn io.Reader, added func()) error {
	buf := make([]byte, receiveSize)
	recording := true
	for {
		n, err := conn.Read(buf)
		if n > 0 && recording {
			if err := r.add(buf[:n], time.Now()); err != nil {
				r.text.end(err, nil)
				recording = false
			}
			added()
		}
		if err != nil {
			break
		}
	}
	failure := r.watch.finish()
	r.text.end(io.EOF, failure)
	r.watch.announce(failure)
	added()
	return r.closeLogs()
}

// add records p: first in the log, so that nothing that happens to this
// process later can lose it.
func (r *recorder) add(p []byte, now time.Time) error {
	if _, err := r.raw.Write(p); err != nil {
		return fmt.Errorf("the console's log cannot be written: %w", err)
	}
	r.timed.write(p, now)
	if r.strip != nil {
		p = r.strip.strip(p)
		if _, err := r.text.file.Write(p); err != nil {
			return fmt.Errorf("the console's transcript cannot be written: %w", err)
		}
	}
	failure := r.watch.scan(p)
	r.text.extend(p, now, failure)
	r.watch.announce(failure)
	return nil
}

// closeLogs closes the files that only the recorder uses.
func (r *recorder) closeLogs() error {
	err := r.timed.close()
	if r.raw != r.text.file {
		err = errors.Join(err, r.raw.Close())
	}
	return err
}
