// Command mkreference makes a reference dump of a machine type: the migration
// format of the devices that a user can have in it, and the list of those that
// the machine is built with.
//
//	go run ./tests/internal/vmstate/mkreference -o DIR -with kvmclock,cfi.pflash01 qemu-system-x86_64 pc-q35-7.2
//
// It writes DIR/pc-q35-7.2.json.zst and DIR/pc-q35-7.2.onboard. Devices that
// come with an option of the machine type, with KVM, or with firmware in flash
// are neither on board of the machine started here nor can -device add them;
// -with names them.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/qemutest/functional/qemutest/machine"
	"github.com/qemutest/functional/qemutest/qmp"
)

func main() {
	dir := flag.String("o", ".", "directory for the reference")
	with := flag.String("with", "", "further device `types`, separated by commas")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: mkreference [-o DIR] [-with TYPES] EMULATOR MACHINE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	further := strings.FieldsFunc(*with, func(r rune) bool { return r == ',' })
	if err := makeReference(context.Background(), *dir, flag.Arg(0), flag.Arg(1), further); err != nil {
		fmt.Fprintln(os.Stderr, "mkreference:", err)
		os.Exit(1)
	}
}

func makeReference(ctx context.Context, dir, emulator, machineType string, further []string) error {
	dump, err := dumpVMState(ctx, emulator, machineType)
	if err != nil {
		return err
	}
	onboard, pluggable, err := devices(ctx, emulator, machineType)
	if err != nil {
		return err
	}
	for _, name := range further {
		pluggable[name] = true
	}
	dump, built, err := restrict(dump, onboard, pluggable)
	if err != nil {
		return err
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	base := filepath.Join(dir, machineType)
	return errors.Join(
		os.WriteFile(base+".json.zst", encoder.EncodeAll(dump, nil), 0o644),
		os.WriteFile(base+".onboard", []byte(strings.Join(built, "\n")+"\n"), 0o644))
}

func dumpVMState(ctx context.Context, emulator, machineType string) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "mkreference-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	path := filepath.Join(scratch, "dump.json")
	cmd := exec.CommandContext(ctx, emulator, "-nodefaults", "-M", machineType, "-dump-vmstate", path)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%v: %w", cmd, err)
	}
	return os.ReadFile(path)
}

// devices returns the types of the devices that the machine is built with, and
// of those that can be added to it.
func devices(ctx context.Context, emulator, machineType string) (onboard, pluggable map[string]bool, err error) {
	path, err := exec.LookPath(emulator)
	if err != nil {
		return nil, nil, err
	}
	logs, err := os.MkdirTemp("", "mkreference-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(logs)
	m, err := machine.Launch(ctx, machine.Config{
		Binary:  path,
		Machine: machineType,
		Args:    []string{"-nodefaults", "-S"},
		LogDir:  logs,
	})
	if err != nil {
		return nil, nil, err
	}
	defer m.Kill()
	onboard = map[string]bool{}
	if err := walk(ctx, m.QMP(), "/machine", onboard); err != nil {
		return nil, nil, err
	}
	pluggable, err = pluggableDevices(ctx, m.QMP())
	return onboard, pluggable, err
}

// walk collects the types of all objects below an object of the QOM tree.
func walk(ctx context.Context, client *qmp.Client, path string, types map[string]bool) error {
	type property struct{ Name, Type string }
	properties, err := qmp.Call[[]property](ctx, client, "qom-list", qmp.Args{"path": path})
	if err != nil {
		return err
	}
	for _, p := range properties {
		child, ok := strings.CutPrefix(p.Type, "child<")
		if !ok {
			continue
		}
		types[strings.TrimSuffix(child, ">")] = true
		if err := walk(ctx, client, path+"/"+p.Name, types); err != nil {
			return err
		}
	}
	return nil
}

// boardBuses are buses that only a board has: no device that can be added to a
// machine brings one along.
var boardBuses = []string{"Macintosh", "SSI", "apple-desktop-bus", "aux-bus", "i2c-bus", "nubus-bus", "swim-bus"}

var (
	deviceLine = regexp.MustCompile(`(?m)^name "([^"]+)"(?:, bus ([^,\n]+))?(.*)$`)
	busLine    = regexp.MustCompile(`(?m)^\s*bus: .*\n\s*type (\S+)`)
)

// pluggableDevices returns the device types that -device takes and that the
// machine has, or can get, a bus for. Only the human monitor tells the buses.
func pluggableDevices(ctx context.Context, client *qmp.Client) (map[string]bool, error) {
	tree, err := client.HMP(ctx, "info qtree")
	if err != nil {
		return nil, err
	}
	list, err := client.HMP(ctx, "info qdm")
	if err != nil {
		return nil, err
	}
	return fitting(tree, list), nil
}

// fitting picks from the list of all devices those that fit into the tree of
// a machine's devices.
func fitting(tree, list string) map[string]bool {
	var buses []string
	for _, match := range busLine.FindAllStringSubmatch(tree, -1) {
		buses = append(buses, match[1])
	}
	devices := map[string]bool{}
	for _, match := range deviceLine.FindAllStringSubmatch(list, -1) {
		name, bus, rest := match[1], match[2], match[3]
		reachable := !slices.Contains(boardBuses, bus) || slices.Contains(buses, bus)
		if reachable && !strings.Contains(rest, ", no-user") {
			devices[name] = true
		}
	}
	return devices
}

// restrict leaves only the sections of the given devices in a dump, each as it
// is, and only devices that have a section in onboard.
func restrict(dump []byte, onboard, pluggable map[string]bool) (restricted []byte, built []string, err error) {
	dec := json.NewDecoder(bytes.NewReader(dump))
	if _, err := dec.Token(); err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		var section json.RawMessage
		if err := dec.Decode(&section); err != nil {
			return nil, nil, err
		}
		name := token.(string)
		if onboard[name] {
			built = append(built, name)
		} else if name != "vmschkmachine" && !pluggable[name] {
			continue
		}
		if out.Len() > 0 {
			out.WriteString(",\n")
		}
		fmt.Fprintf(&out, "  %q: %s", name, section)
	}
	slices.Sort(built)
	return fmt.Appendf(nil, "{\n%s\n}\n", out.Bytes()), built, nil
}
