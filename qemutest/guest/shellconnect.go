package guest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

const (
	// quietTime is how long a terminal shows nothing new before what it shows
	// last is taken for a prompt.
	quietTime = 200 * time.Millisecond

	// nudgeTime is how long it shows nothing before Enter is pressed, and
	// maxNudgeTime the same after many times.
	nudgeTime    = 5 * time.Second
	maxNudgeTime = time.Minute

	// uploadTime is how long the guest may be silent before the upload of
	// shell.sh begins anew.
	uploadTime = 30 * time.Second

	// oldTime is how long a guest that is about to end is left alone.
	oldTime = 2 * time.Second
)

// What is no part of a prompt: lines of the kernel, and how terminals are told
// colours, titles and modes.
var (
	kernelLine = regexp.MustCompile(`\[ *\d+\.\d+\][^\n]*\n?`)
	escape     = regexp.MustCompile(`\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])`)
)

var (
	loginPrompt    = regexp.MustCompile(`(?i)(?:login|username): *$`)
	passwordPrompt = regexp.MustCompile(`(?i)password(?: for [^\n]*)?: *$`)
	shellPrompt    = regexp.MustCompile(`[$#%>] *$`)
	bootLine       = regexp.MustCompile(`@B ([0-9a-f-]*)\r?\n`)
	refused        = regexp.MustCompile(`(?i)login incorrect|authentication failure`)
)

// connect gets shell.sh running in the guest, unless it is. The caller has the
// turn.
func (s *shell) connect(ctx context.Context) error {
	if s.connected {
		return nil
	}
	for {
		if err := s.findShell(ctx); err != nil {
			return fmt.Errorf("expected a shell of the guest on the terminal: %w", err)
		}
		old, err := s.stillOld(ctx)
		if old {
			if err := s.leaveAlone(ctx); err != nil {
				return err
			}
			continue
		}
		if err == nil {
			err = s.upload(ctx)
		}
		if err == nil {
			s.connected, s.present, s.old = true, true, ""
			return nil
		}
		if !errors.Is(err, errSilent) {
			return err
		}
		if err := s.typeText(ctx, "\x03\n"); err != nil { // Ctrl-C
			return err
		}
	}
}

// stillOld reports whether the shell that has answered is of a guest that was to
// start anew and has not yet: a few octets are typed to know it, because what a
// guest does not read any more, the next one gets.
func (s *shell) stillOld(ctx context.Context) (bool, error) {
	if s.old == "" || s.old == "-" {
		return false, nil
	}
	if err := s.typeText(ctx, `echo "@"'B' $(cat /proc/sys/kernel/random/boot_id)`+"\n"); err != nil {
		return false, err
	}
	timer := time.NewTimer(nudgeTime)
	defer timer.Stop()
	var start string
	err := s.await(ctx, timer.C, func(text string) bool {
		said := bootLine.FindStringSubmatch(kernelLine.ReplaceAllString(text, ""))
		if said != nil {
			start = said[1]
		}
		return said != nil
	})
	return start == s.old, err
}

// leaveAlone waits until it may be worth while to look again for a guest that is
// about to start anew.
func (s *shell) leaveAlone(ctx context.Context) error {
	timer := time.NewTimer(oldTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("expected the guest to start anew: %w", context.Cause(ctx))
	case <-s.closed:
		return s.err
	}
}

// errSilent says that what was waited for did not come.
var errSilent = errors.New("the shell does not answer")

// await waits until shown finds something on the screen, or until quiet has
// fired.
func (s *shell) await(ctx context.Context, quiet <-chan time.Time, shown func(text string) bool) error {
	for {
		s.mu.Lock()
		text := string(s.screen)
		s.mu.Unlock()
		if shown(text) {
			return nil
		}
		select {
		case <-s.changed:
		case <-quiet:
			return errSilent
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.closed:
			return s.err
		}
	}
}

// findShell logs in if need be, and returns when a shell has answered.
func (s *shell) findShell(ctx context.Context) error {
	if s.present {
		begin := s.probe
		if s.login.User != "" {
			begin = func(ctx context.Context) error { return s.typeText(ctx, "\n") } // for the prompt
		}
		if err := begin(ctx); err != nil {
			return err
		}
	}
	nudge := nudgeTime
	for {
		text, quiet, err := s.settle(ctx, nudge)
		if err != nil {
			return err
		}
		if s.answered(text) {
			return nil
		}
		text = withoutKernel(text)
		switch {
		case refused.MatchString(text):
			return fmt.Errorf("the guest does not let %q log in", s.login.User)
		case loginPrompt.MatchString(text):
			if s.login.User == "" {
				return errors.New("the terminal asks for a user: set Login")
			}
			err = s.typeText(ctx, s.login.User+"\n")
		case passwordPrompt.MatchString(text):
			err = s.typeText(ctx, s.login.Password+"\n")
		case shellPrompt.MatchString(text):
			err = s.probe(ctx)
		case quiet:
			nudge = min(2*nudge, maxNudgeTime)
			err = s.typeText(ctx, "\n")
		}
		if err != nil {
			return err
		}
	}
}

// settle returns what the screen shows when it has changed and then has not for
// a while, at once when a shell has answered; quiet, when it did not change at
// all. What the kernel prints is no change.
func (s *shell) settle(ctx context.Context, limit time.Duration) (text string, quiet bool, err error) {
	before := ""
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		s.mu.Lock()
		text = string(s.screen)
		s.mu.Unlock()
		if s.answered(text) {
			return text, false, nil
		}
		if said := withoutKernel(text); said != before {
			before = said
			timer.Reset(quietTime)
			limit = 0
		}
		select {
		case <-s.changed:
		case <-timer.C:
			if limit == 0 && !promptLike(before) {
				// Not a prompt yet: wait for more as if for the first time.
				limit = nudgeTime
				timer.Reset(limit)
				continue
			}
			return text, limit != 0, nil
		case <-ctx.Done():
			return "", false, context.Cause(ctx)
		case <-s.closed:
			return "", false, s.err
		}
	}
}

// withoutKernel returns what a terminal shows less the lines of the kernel, the
// escape sequences, and the line ends at its end.
func withoutKernel(text string) string {
	return strings.TrimRight(escape.ReplaceAllString(kernelLine.ReplaceAllString(text, ""), ""), "\r\n")
}

// promptLike reports whether somebody is asked for something, in a text
// [withoutKernel].
func promptLike(text string) bool {
	for _, prompt := range []*regexp.Regexp{loginPrompt, passwordPrompt, shellPrompt, refused} {
		if prompt.MatchString(text) {
			return true
		}
	}
	return false
}

// probe has a shell, if there is one, print what was not typed.
func (s *shell) probe(ctx context.Context) error {
	s.probes++
	return s.typeText(ctx, fmt.Sprintf("\necho \"@\"'R' %d\n", s.probes))
}

// answered reports whether a shell has printed what the last probe asked for.
func (s *shell) answered(text string) bool {
	return strings.Contains(text, fmt.Sprintf("@R %d\r", s.probes)) || strings.Contains(text, fmt.Sprintf("@R %d\n", s.probes))
}

// takeover is the line that makes the shell at the prompt take shell.sh, run
// it, and be as before at its end. It says when it reads: until then, the shell
// may take what is typed. Marks are typed in another way than they are printed,
// because they are echoed.
const takeover = ` Q=$(stty -g 2>/dev/null); stty -echo icanon icrnl opost onlcr -ixon 2>/dev/null; ` +
	`sh -c 'umask 077; for d in /tmp /run /dev/shm /var/tmp .; do D=$d/qemutest.$$; mkdir $D 2>/dev/null && break; done; ` +
	`echo "@""L"; while IFS= read -r l; do case $l in @) break;; esac; printf "%s\n" "$l"; done >$D/sh; exec sh $D/sh $D'; ` +
	`stty $Q 2>/dev/null; echo "@"'X'` + "\n"

// upload starts shell.sh.
func (s *shell) upload(ctx context.Context) error {
	for len(s.frames) > 0 {
		<-s.frames
	}
	if err := s.typeText(ctx, takeover); err != nil {
		return err
	}
	timer := time.NewTimer(uploadTime)
	defer timer.Stop()
	err := s.await(ctx, timer.C, func(text string) bool { return strings.Contains(text, "@L\r\n") || strings.Contains(text, "@L\n") })
	if err != nil {
		return err
	}
	if err := s.typeText(ctx, minimize(shellSource)+"@\n"); err != nil {
		return err
	}
	timer.Reset(uploadTime)
	for {
		select {
		case f := <-s.frames:
			switch {
			case f.kind != "h":
			case f.damaged:
				if err := s.command(ctx, "hello"); err != nil {
					return err
				}
			default:
				return s.greet(f.content)
			}
		case <-timer.C:
			return errSilent
		case <-ctx.Done():
			return fmt.Errorf("starting a script in the guest's shell: %w", context.Cause(ctx))
		case <-s.closed:
			return s.err
		}
	}
}

var comment = regexp.MustCompile(`(?m)(?:^|\t)#.*$`)

// minimize leaves comments and indentation out.
func minimize(script string) string {
	var lines strings.Builder
	for line := range strings.Lines(comment.ReplaceAllString(script, "")) {
		if line = strings.TrimSpace(line); line != "" {
			lines.WriteString(line + "\n")
		}
	}
	return lines.String()
}
