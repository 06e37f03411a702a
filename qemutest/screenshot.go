package qemutest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"strconv"
	"strings"

	"github.com/qemutest/functional/qemutest/qmp"
	"github.com/qemutest/functional/qemutest/screen"
)

// A Screenshot is a picture of a machine's display. Package screen compares it
// with others and finds pictures in it.
type Screenshot struct {
	image.Image
	// Path is the file in the directory of the test's logs, PNG or PPM.
	Path string
}

// Screenshot takes a picture of the machine's first display and keeps it beside
// the logs: screenshot-1.png and so on; screenshot-1.ppm when QEMU is older than
// 7.1 or was built without libpng. It fails the test if the machine has no
// display. The guest may be stopped (QMP stop) to look at one state of it twice.
func (vm *VM) Screenshot() *Screenshot {
	vm.test.t.Helper()
	vm.monitor()
	vm.screenshots++
	shot, err := vm.screendump(vm.test.ctx, "screenshot-"+strconv.Itoa(vm.screenshots))
	if err != nil {
		vm.fail(err)
	}
	vm.test.logf("%s: screenshot of %v pixels: %s", vm.Name(), shot.Bounds().Size(), shot.Path)
	return shot
}

// screendump takes a picture of the display into a file called name, plus the
// extension of its format, beside the logs.
func (vm *VM) screendump(ctx context.Context, name string) (*Screenshot, error) {
	client := vm.machine.QMP()
	display, err := hasDisplay(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("looking for a display: %w", err)
	}
	if !display {
		return nil, errors.New("expected a machine with a display, found none: give it a graphics device, such as -device VGA")
	}
	path := vm.test.Log(vm.logName(name + ".png"))
	_, err = client.Execute(ctx, "screendump", Args{"filename": path, "format": "png"})
	var refused *qmp.Error
	if errors.As(err, &refused) {
		// Before 7.1 there is no "format"; without libpng, no "png".
		_ = os.Remove(path)
		path = vm.test.Log(vm.logName(name + ".ppm"))
		_, err = client.Execute(ctx, "screendump", Args{"filename": path})
	}
	if err != nil {
		return nil, err
	}
	picture, err := screen.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the screenshot: %w", err)
	}
	return &Screenshot{picture, path}, nil
}

// hasDisplay reports whether the machine has a graphics device. Asking for a
// screendump does not tell: QEMU has consoles for text too (the monitor's and
// the parallel port's, even with -display none) and draws them if there is
// nothing better. A console for graphics has a link to its device.
func hasDisplay(ctx context.Context, client *qmp.Client) (bool, error) {
	consoles, err := qmp.Call[[]struct {
		Name string `json:"name"`
	}](ctx, client, "qom-list", Args{"path": "/backend"})
	var refused *qmp.Error
	if errors.As(err, &refused) { // without any console there may be no such path
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, console := range consoles {
		if !strings.HasPrefix(console.Name, "console[") {
			continue
		}
		reply, err := client.Execute(ctx, "qom-get", Args{"path": "/backend/" + console.Name, "property": "device"})
		if errors.As(err, &refused) { // since 8.1, consoles for text have no such property
			continue
		}
		if err != nil {
			return false, err
		}
		var device string
		if err := json.Unmarshal(reply, &device); err != nil {
			return false, err
		}
		if device != "" {
			return true, nil
		}
	}
	return false, nil
}

// describeDisplay takes a picture of the display for the report of a failure,
// and says in a line where it is; "" when there is nothing to see. The suffix
// tells failures of one test apart.
func (vm *VM) describeDisplay(ctx context.Context, suffix string) string {
	client := vm.machine.QMP()
	if client == nil {
		return ""
	}
	shot, err := vm.screendump(ctx, "screenshot-failed"+suffix)
	if err != nil {
		vm.test.logf("%s: no screenshot: %v", vm.Name(), err)
		return ""
	}
	return "display: " + shot.Path + "\n"
}
