// Package guard makes sure that what a test process starts does not outlive
// it, however the process ends: after its last test, by a panic, by
// "go test -timeout", by Ctrl-C, by kill -9.
//
// No code of a process runs after kill -9, so something else has to watch.
// There are two watchers:
//
//   - One small shell per test process, started at the first need. It reads a
//     pipe whose only writing end the test process holds. The kernel closes
//     that end when the process is gone, and the shell then kills the process
//     groups and removes the directories that were registered with it and not
//     released. The shell has a session of its own, so neither Ctrl-C nor a
//     closed terminal reaches it.
//   - On Linux, the parent death signal as well: the kernel kills each command
//     at once, before the shell has read a line. It reaches the command
//     alone, not what the command started; for them there is the shell.
//
// [Start] starts a command under both watchers, in a process group of its own,
// so that a wrapper (valgrind, strace, gdbserver) ends together with the QEMU
// that it runs. [Dir] hands a directory to the shell.
//
// What leaves its process group on purpose (setsid, a daemon) is found by a
// variable in its environment, on Linux, when this process is gone; not
// before, and not on macOS.
package guard
