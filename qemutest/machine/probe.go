package machine

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/qemutest/functional/qemutest/qmp"
)

// Probe asks an emulator what it can do. It starts the emulator once, without a
// machine; the answers are kept for this process, and for others in the user's
// cache directory ([os.UserCacheDir]) under "qemutest", until the binary or the
// modules beside it change. Callers share the answer: they must not change it.
//
// The answers come from QMP, but for two things that QMP cannot tell: which
// devices -device takes, with their aliases, and which -netdev back ends are
// built in (the schema lists back ends that are not). They are read from the
// lists that the human monitor prints for "device_add help" and "netdev_add
// help".
func Probe(ctx context.Context, binary string) (*Capabilities, error) {
	return probed.get(ctx, binary)
}

// ask starts an emulator and questions it.
func ask(ctx context.Context, binary string) (*Capabilities, error) {
	config := Config{
		Binary: binary, Name: "probe", Machine: "none",
		Args: []string{"-nodefaults", "-S"}, NoConsole: true, private: true,
	}
	m, err := Launch(ctx, config)
	var failure *LaunchError
	if errors.As(err, &failure) && strings.Contains(failure.Output, "unsupported machine type") {
		// Not every build has the machine "none".
		if config.Machine, err = anyMachine(ctx, binary); err == nil {
			m, err = Launch(ctx, config)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("asking %s, as a system emulator of QEMU, what it can do: %w", binary, err)
	}
	c := &Capabilities{Binary: binary, Version: m.QMP().Version()}
	err = c.question(ctx, m.QMP())
	if exit, endErr := m.Shutdown(ctx); err == nil {
		err = errors.Join(endErr, exit.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("asking %s, as a system emulator of QEMU, what it can do: %w", binary, err)
	}
	return c, nil
}

// anyMachine returns the name of a machine type of an emulator that cannot be
// asked over QMP because it does not start without one.
func anyMachine(ctx context.Context, binary string) (string, error) {
	help, err := exec.CommandContext(ctx, binary, "-machine", "help").Output()
	if err != nil {
		return "", fmt.Errorf("listing its machine types: %w", err)
	}
	_, list, _ := strings.Cut(string(help), "\n") // after the heading
	name, _, _ := strings.Cut(list, " ")
	return name, nil
}

// question fills in what the monitor answers.
func (c *Capabilities) question(ctx context.Context, monitor *qmp.Client) error {
	target, err := qmp.Call[struct{ Arch string }](ctx, monitor, "query-target", nil)
	if err != nil {
		return err
	}
	c.Target = target.Arch
	if c.Machines, err = machineTypes(ctx, monitor); err != nil {
		return err
	}
	if c.Accels, err = accels(ctx, monitor); err != nil {
		return err
	}
	if c.CPUs, err = cpuModels(ctx, monitor); err != nil {
		return err
	}
	devices, err := monitor.HMP(ctx, "device_add help")
	if err != nil {
		return err
	}
	c.Devices = parseDevices(devices)
	netdevs, err := monitor.HMP(ctx, "netdev_add help")
	if err != nil {
		return err
	}
	c.Netdevs = parseNetdevs(netdevs)
	return nil
}

func machineTypes(ctx context.Context, monitor *qmp.Client) ([]MachineType, error) {
	type info struct {
		Name, Alias string
		IsDefault   bool `json:"is-default"`
		Deprecated  bool
		CPUMax      int    `json:"cpu-max"`
		DefaultCPU  string `json:"default-cpu-type"`
	}
	list, err := qmp.Call[[]info](ctx, monitor, "query-machines", nil)
	if err != nil {
		return nil, err
	}
	types := make([]MachineType, len(list))
	for i, m := range list {
		types[i] = MachineType{
			Name: m.Name, Alias: m.Alias, Default: m.IsDefault, Deprecated: m.Deprecated,
			MaxCPUs: m.CPUMax, DefaultCPU: m.DefaultCPU,
		}
	}
	slices.SortFunc(types, func(a, b MachineType) int { return strings.Compare(a.Name, b.Name) })
	return types, nil
}

// qomType is a type of QEMU's object model (ObjectTypeInfo of qapi/qom.json).
type qomType struct {
	Name, Parent string
	Abstract     bool
}

func qomTypes(ctx context.Context, monitor *qmp.Client, implements string) ([]qomType, error) {
	return qmp.Call[[]qomType](ctx, monitor, "qom-list-types", qmp.Args{"implements": implements, "abstract": true})
}

// accels returns the accelerators, which are types such as "kvm-accel".
func accels(ctx context.Context, monitor *qmp.Client) ([]string, error) {
	types, err := qomTypes(ctx, monitor, "accel")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range types {
		// The type "accel" itself has no dash, and is not abstract in QEMU 7.2.
		if name, found := strings.CutSuffix(t.Name, "-accel"); found && !t.Abstract {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// cpuModels returns the CPU models. Some targets have a command for it, for
// others they are types such as "ev67-alpha-cpu".
func cpuModels(ctx context.Context, monitor *qmp.Client) ([]string, error) {
	list, err := qmp.Call[[]struct{ Name string }](ctx, monitor, "query-cpu-definitions", nil)
	var refused *qmp.Error
	if errors.As(err, &refused) && refused.Class == qmp.ClassCommandNotFound {
		types, err := qomTypes(ctx, monitor, "cpu")
		return modelNames(types), err
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(list))
	for i, model := range list {
		names[i] = model.Name
	}
	slices.Sort(names)
	return names, nil
}

// modelNames takes the names of CPU models from those of their types. The type
// that all models of a target have in common ("alpha-cpu") is their ending; it
// may be a model as well ("hppa-cpu").
func modelNames(types []qomType) []string {
	var names, bases []string
	for _, t := range types {
		if t.Parent == "cpu" {
			bases = append(bases, t.Name)
		}
	}
	for _, t := range types {
		if t.Abstract {
			continue
		}
		name := t.Name
		for _, base := range bases {
			name = strings.TrimSuffix(name, "-"+base)
		}
		names = append(names, strings.TrimSuffix(name, "-cpu"))
	}
	slices.Sort(names)
	return names
}

// deviceLine is how QEMU lists a device (qdev_print_devinfo in
// system/qdev-monitor.c). Other lines are headings and complaints about
// modules.
var deviceLine = regexp.MustCompile(`(?m)^name "([^"]+)"(?:, bus ([^,\r\n]+))?(?:, alias "([^"]+)")?`)

func parseDevices(help string) []DeviceModel {
	var devices []DeviceModel
	for _, m := range deviceLine.FindAllStringSubmatch(help, -1) {
		devices = append(devices, DeviceModel{Name: m[1], Bus: m[2], Alias: m[3]})
	}
	slices.SortFunc(devices, func(a, b DeviceModel) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(devices) // a device is listed in each of its categories
}

func parseNetdevs(help string) []string {
	var names []string
	for line := range strings.Lines(help) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.ContainsAny(line, " :") { // not the heading
			names = append(names, line)
		}
	}
	slices.Sort(names)
	return names
}
