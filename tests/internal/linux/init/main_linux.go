// Command init is the smallest userland: as /init of an initial RAM file system
// it tells that it runs, and powers the machine off.
package main

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

func main() {
	fmt.Printf("userland of %s runs as process %d\n", runtime.GOARCH, os.Getpid())
	// Not with the libraries of an operating system: nothing is mounted that
	// would have to be written.
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Println("powering off:", err)
	}
}
