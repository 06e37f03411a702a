package wire

import (
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Op is what a request asks for.
type Op string

// The requests.
const (
	Run      Op = "run"      // In, Out, Err are the pipes of a command
	Read     Op = "read"     // Out carries the file
	Write    Op = "write"    // In carries the file
	Stat     Op = "stat"     // answer: one of Response.Files
	List     Op = "list"     // answer: Response.Files
	Mount    Op = "mount"    //
	Reboot   Op = "reboot"   // the guest ends after the answer
	PowerOff Op = "poweroff" // the guest ends after the answer
	Panic    Op = "panic"    // the guest ends after the answer
)

// A Request is the body of [Open].
type Request struct {
	Op    Op
	Path  string        `json:",omitempty"`
	Mode  fs.FileMode   `json:",omitempty"` // of a file that Write creates
	Run   *RunRequest   `json:",omitempty"`
	Mount *MountRequest `json:",omitempty"`
}

// A RunRequest describes a command.
type RunRequest struct {
	Func    string // name of a registered function; "" runs Args
	Args    []string
	Env     []string
	Dir     string
	Stdin   bool // In carries the standard input; else it is empty
	Merged  bool `json:",omitempty"` // Out carries the standard error as well, in order
	Timeout time.Duration
}

// A MountRequest describes a mount.
type MountRequest struct {
	Source, Target, Type, Options string
}

// A Response is the body of [Done].
type Response struct {
	Error *Error     `json:",omitempty"`
	Run   *RunResult `json:",omitempty"`
	Files []File     `json:",omitempty"`
}

// A RunResult tells how a command ended.
type RunResult struct {
	Status   int    // exit status, -1 after a signal
	Signal   string // name of the signal, such as "SIGKILL"
	TimedOut bool
	User     time.Duration
	System   time.Duration
	MaxRSS   int64 // bytes
}

// A File describes a file.
type File struct {
	Name    string
	Size    int64
	Mode    fs.FileMode
	ModTime time.Time
}

// An Error is an error in the guest. The numbers of errors differ between
// architectures, so what callers ask for has a name.
type Error struct {
	Text string
	Is   string // a key of sentinels, or ""
}

var sentinels = map[string]error{
	"not exist":   fs.ErrNotExist,
	"exist":       fs.ErrExist,
	"permission":  fs.ErrPermission,
	"unsupported": errors.ErrUnsupported,
}

// NewError returns err for the other side, nil for nil.
func NewError(err error) *Error {
	if err == nil {
		return nil
	}
	e := &Error{Text: err.Error()}
	for name, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			e.Is = name
		}
	}
	return e
}

// Err returns what the error is on this side, nil for nil.
func (e *Error) Err() error {
	if e == nil {
		return nil
	}
	return guestError{text: e.Text, is: sentinels[e.Is]}
}

// guestError has the text of the guest and is the sentinel.
type guestError struct {
	text string
	is   error
}

func (e guestError) Error() string { return fmt.Sprintf("in the guest: %s", e.text) }

func (e guestError) Unwrap() error { return e.is }
