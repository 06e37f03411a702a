package qemutest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/qemutest/functional/qemutest/internal/module"
	"github.com/qemutest/functional/qemutest/machine"
)

// reproName is the script in the directory of the logs that runs the machines
// of a failed test by hand.
const reproName = "repro.sh"

// writeRepro leaves a script that runs the machines of the test by hand, and
// returns its path; "" when the test has launched none.
func (q *Test) writeRepro() string {
	vms := q.tried()
	if len(vms) == 0 {
		return ""
	}
	path := q.Log(reproName)
	text, err := q.repro(vms)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o755)
	}
	if err != nil {
		q.logf("no %s: %v", reproName, err)
		return ""
	}
	return path
}

// tried returns the machines that the test launched, or tried to.
func (q *Test) tried() (vms []*VM) {
	for _, vm := range q.machines() {
		if vm.tried {
			vms = append(vms, vm)
		}
	}
	return vms
}

// repro returns the script.
func (q *Test) repro(vms []*VM) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	root, err := module.Root()
	if err != nil {
		return "", err
	}
	names := make([]string, len(vms))
	for i, vm := range vms {
		names[i] = vm.Name()
	}
	var b strings.Builder
	fmt.Fprintf(&b, `#!/bin/sh
# A machine of the failed test %s, by hand. Its console and the
# human monitor are on this terminal: Ctrl-A c switches between them, Ctrl-A x
# ends QEMU. QMP and further consoles are on sockets, whose directory is printed.
#
# usage: sh %s [machine]    machines: %s
#
# What the test made for its machines stays in
# %s,
# as the test left it, if that is not too large. The test again, keeping all:
#   cd %s && QEMU_TEST_KEEP_SCRATCH=1 %s
`, q.t.Name(), reproName, strings.Join(names, " "), filepath.Join(q.logDir, scratchName),
		machine.Quote([]string{root}), q.rerunCommand())
	q.reproComments(&b)
	fmt.Fprintf(&b, "set -eu\ncd %s\n%s", machine.Quote([]string{dir}), reproPrologue)
	fmt.Fprintf(&b, "case \"${1-%s}\" in\n", names[0])
	for _, vm := range vms {
		if err := q.reproMachine(&b, vm); err != nil {
			return "", err
		}
	}
	fmt.Fprintf(&b, "*)\n\techo %s >&2\n\texit 2 ;;\nesac\n", machine.Quote([]string{"expected one of the machines " + strings.Join(names, " ")}))
	return b.String(), nil
}

// reproPrologue gives QEMU a standard input where there is none, because it
// would use the descriptor for something else, and a directory for sockets.
const reproPrologue = `{ : <&0; } 2>/dev/null || exec </dev/null
sockets=$(mktemp -d)
trap 'rm -rf "$sockets"' EXIT
trap 'exit 1' HUP INT TERM
echo "sockets: $sockets" >&2
need() {
	test -e "$1" && return
	echo "$1 is gone: the test made it, and not more than 256 MiB are kept." >&2
	echo "Run the test again so that all is kept; the command is at the top of $0." >&2
	exit 1
}
`

// socketsMark stands for the directory of sockets in a command line, where only
// words that need no quotes contain it.
const socketsMark = "@SOCKETS@"

// reproMachine writes how one machine is run.
func (q *Test) reproMachine(b *strings.Builder, vm *VM) error {
	argv, err := vm.config.Standalone(socketsMark)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "%s)\n", machine.Quote([]string{vm.Name()}))
	if n := len(vm.config.ExtraFiles); n > 0 {
		fmt.Fprintf(b, "\techo 'the test gave QEMU %d open files, from descriptor 3 on, which this script cannot' >&2\n", n)
	}
	for _, path := range q.scratchFiles(argv) {
		fmt.Fprintf(b, "\tneed %s\n", machine.Quote([]string{path}))
	}
	line := strings.ReplaceAll(machine.Quote(argv), socketsMark, `"$sockets"`)
	if len(vm.config.Env) > 0 {
		line = "env " + machine.Quote(vm.config.Env) + " " + line
	}
	fmt.Fprintf(b, "\t%s ;;\n", line)
	return nil
}

// scratchFiles returns the files of the scratch directory that a command line
// names. The others vanish with the test.
func (q *Test) scratchFiles(argv []string) []string {
	scratch := filepath.Join(q.logDir, scratchName) + string(filepath.Separator)
	var files []string
	for _, word := range argv {
		for {
			start := strings.Index(word, scratch)
			if start < 0 {
				break
			}
			word = word[start:]
			path := word
			if end := strings.IndexAny(word, `,"' `); end >= 0 {
				path = word[:end]
			}
			if _, err := os.Stat(path); err == nil && !slices.Contains(files, path) {
				files = append(files, path)
			}
			word = word[len(path):]
		}
	}
	return files
}

// reproComments writes what else there is to know: assets, environment, steps.
func (q *Test) reproComments(b *strings.Builder) {
	for _, a := range q.settings.assets {
		path := "not in the cache"
		if cached, ok := a.(interface{ Cached() (string, bool) }); ok {
			if file, ok := cached.Cached(); ok {
				path = file
			}
		}
		comment(b, "asset %s\n  %s", a, path)
	}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "QEMU_") {
			comment(b, "environment %s", variable)
		}
	}
	b.WriteString("#\n# What the test did, with seconds since its first step:\n")
	all := q.steps.all()
	for _, s := range all {
		comment(b, "%8.3f  %s", s.time.Sub(all[0].time).Seconds(), s.text)
	}
	b.WriteString("# Here it failed.\n")
}

// comment writes lines of a comment. What a guest printed cannot end it.
func comment(b *strings.Builder, format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		fmt.Fprintf(b, "# %s\n", strings.Map(printable, line))
	}
}

// printable replaces characters that a terminal would act on.
func printable(r rune) rune {
	if r < ' ' && r != '\t' || r == 0x7f {
		return '?'
	}
	return r
}
