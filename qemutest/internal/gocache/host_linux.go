package gocache

// alwaysNew returns the path of a file that the go command finds too new to rely
// on: it does so with files that changed within 2 s. Those that tell of a process
// are as new as the process, and the one that looks is the go command itself, a
// different one each time.
func alwaysNew() (string, error) { return "/proc/self/stat", nil }
