package guest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Exit statuses with which the scripts of this package say why they gave up.
// Shells have 126 to 128 and the signals above that; programs rarely these.
const (
	statusMissing = 111 // a file is not there
	statusDenied  = 112 // a file may not be read or written
	statusNoRun   = 113 // a command cannot be started; see [notRun]
	statusKind    = 114 // a file is of another kind
)

// sh returns text as one word of a POSIX shell.
func sh(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// words returns the words of a POSIX shell that are these texts.
func words(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = sh(text)
	}
	return strings.Join(quoted, " ")
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)

// commandScript runs a command in place of the shell.
func commandScript(c Command) (string, error) {
	if c.Func != "" {
		return "", fmt.Errorf("expected a program, got a function of the agent")
	}
	if len(c.Args) == 0 {
		return "", fmt.Errorf("expected a command, it is empty")
	}
	var script strings.Builder
	if c.Dir != "" {
		fmt.Fprintf(&script, "cd %s 2>/dev/null || { printf %%s %s >&2; exit %d; }\n", sh(operand(c.Dir)), sh(noDirectory(c)), statusNoRun)
	}
	var odd []string // what the shell can't name
	for _, entry := range c.Env {
		name, value, _ := strings.Cut(entry, "=")
		if !identifier.MatchString(name) {
			odd = append(odd, entry)
			continue
		}
		fmt.Fprintf(&script, "export %s=%s\n", name, sh(value))
	}
	program := sh(c.Args[0])
	fmt.Fprintf(&script, "command -v %s >/dev/null 2>&1 || { printf %%s %s >&2; exit %d; }\n", program, sh(noProgram(c)), statusNoRun)
	run := "exec "
	if len(odd) > 0 {
		run += "env " + words(odd) + " "
	}
	fmt.Fprintf(&script, "%s%s\n", run, words(c.Args))
	return script.String(), nil
}

// noDirectory and noProgram are what [commandScript] says on the standard error
// of what is not there.
func noDirectory(c Command) string { return c.Dir + ": no such directory\n" }
func noProgram(c Command) string   { return c.Args[0] + ": not found\n" }

// notRun returns why a command was not started, "" if it was: its own exit
// status may be statusNoRun as well.
func notRun(c Command, status int, stderr string) string {
	if status == statusNoRun && (stderr == noProgram(c) || c.Dir != "" && stderr == noDirectory(c)) {
		return strings.TrimSpace(stderr)
	}
	return ""
}

// receiveScript writes a file to the standard output.
func receiveScript(name string) string {
	return fmt.Sprintf("f=%s\n[ -e \"$f\" ] || exit %d\n[ -r \"$f\" ] || exit %d\n[ -d \"$f\" ] && exit %d\nexec cat <\"$f\"\n",
		sh(operand(name)), statusMissing, statusDenied, statusKind)
}

// sendScript writes the standard input to a file.
func sendScript(name string, mode fs.FileMode) string {
	return fmt.Sprintf(`f=%s
[ -d %s ] || exit %d
[ -d "$f" ] && exit %d
if [ ! -e "$f" ]; then
	umask 077
	: >"$f" && chmod %o "$f" || exit %d
fi
[ -w "$f" ] || exit %d
exec cat >"$f"
`, sh(operand(name)), sh(operand(path.Dir(name))), statusMissing, statusKind, mode.Perm(), statusDenied, statusDenied)
}

// operand returns a name that no program takes for an option.
func operand(name string) string {
	if strings.HasPrefix(name, "-") {
		return "./" + name
	}
	return name
}

// statFormat has stat(1) print what [parseStat] reads: type and permissions in
// hexadecimal, size, seconds, name.
const statFormat = "%f %s %Y %n"

// statScript describes a file, the one a link leads to.
func statScript(name string) string {
	return fmt.Sprintf("f=%s\n[ -e \"$f\" ] || exit %d\nexec stat -L -c %s \"$f\"\n", sh(operand(name)), statusMissing, sh(statFormat))
}

// readDirScript describes what is in a directory. Names come with a NUL after
// each, because they may have line ends.
func readDirScript(name string) string {
	return fmt.Sprintf(`cd %[1]s 2>/dev/null || { [ -e %[1]s ] || exit %[3]d; [ -d %[1]s ] || exit %[4]d; exit %[5]d; }
for f in * .*; do
	case $f in . | ..) continue ;; esac
	[ -e "$f" ] || [ -h "$f" ] || continue
	stat -c %[2]s "./$f" && printf '\000'
done
exit 0
`, sh(operand(name)), sh(statFormat), statusMissing, statusKind, statusDenied)
}

// parseStat reads a line of statFormat.
func parseStat(line string) (fs.FileInfo, error) {
	fields := strings.SplitN(line, " ", 4)
	if len(fields) != 4 {
		return nil, fmt.Errorf("expected what stat prints, got %q", line)
	}
	mode, err := strconv.ParseUint(fields[0], 16, 32)
	if err != nil {
		return nil, fmt.Errorf("expected a mode in hexadecimal, got %q", line)
	}
	size, sizeErr := strconv.ParseInt(fields[1], 10, 64)
	seconds, timeErr := strconv.ParseInt(fields[2], 10, 64)
	if sizeErr != nil || timeErr != nil {
		return nil, fmt.Errorf("expected a size and a time, got %q", line)
	}
	return fileInfo{path.Base(fields[3]), size, fileMode(uint32(mode)), time.Unix(seconds, 0)}, nil
}

// fileMode translates st_mode of Linux.
func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	for bit, flag := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if mode&bit != 0 {
			m |= flag
		}
	}
	kinds := map[uint32]fs.FileMode{
		0o140000: fs.ModeSocket,
		0o120000: fs.ModeSymlink,
		0o060000: fs.ModeDevice,
		0o040000: fs.ModeDir,
		0o020000: fs.ModeDevice | fs.ModeCharDevice,
		0o010000: fs.ModeNamedPipe,
	}
	return m | kinds[mode&0o170000]
}

// mountScript mounts a file system.
func mountScript(m Mount) string {
	line := "exec mount"
	if m.Type != "" {
		line += " -t " + sh(m.Type)
	}
	if m.Options != "" {
		line += " -o " + sh(m.Options)
	}
	return fmt.Sprintf("mkdir -p %s && %s %s %[1]s\n", sh(operand(m.Target)), line, sh(m.Source))
}

// endScript ends the guest two seconds later, when the host has the answer. Where
// the first process is no init that could be asked, the kernel is: a script of
// this name, whose interpreter is the first word of its command line, is none.
func endScript(how ending) string {
	action := map[ending]string{
		reboot:   "$(command -v reboot) $force",
		powerOff: "$(command -v poweroff) $force",
		crash:    "echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger",
	}[how]
	return fmt.Sprintf(`force=-f
set -- $(tr '\0' ' ' </proc/1/cmdline 2>/dev/null)
case ${1##*/} in init | systemd | runit | openrc-init) force= ;; esac
[ %s = panic ] && { [ -w /proc/sysrq-trigger ] || exit %d; }
(trap '' HUP; sleep 2; sync; %s) </dev/null >/dev/null 2>&1 &
`, how, statusDenied, action)
}
