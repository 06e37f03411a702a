// Package gotest runs test binaries of the go command in a guest, as if they ran
// on the host: in the directory of their package, with its testdata, the flags
// and the environment of the host. Profiles, coverage data and artifacts come
// back under the paths that the flags name. The program qemu-exec makes it a
// command for go test -exec.
//
//	i, err := gotest.ParseInvocation(os.Args[1:])
//	status, err := gotest.Runner{Stdout: os.Stdout, Stderr: os.Stderr}.Run(ctx, i)
//
// A [Runner] boots a machine for each binary. Whoever has a guest already adds
// what the binary needs to its file system ([Invocation.AddTo]) and runs it there
// ([Invocation.Run]).
//
// Results of such runs are not cached by the go command: it does not know of the
// kernel and the emulator that they depend on.
package gotest
