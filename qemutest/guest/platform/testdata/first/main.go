// First is the /init of a system that does nothing but say that it is there.
package main

import (
	"os"
	"time"
)

func main() {
	_, _ = os.Stdout.WriteString("init is there\n")
	for {
		time.Sleep(time.Hour)
	}
}
