// Package guest has things done in the operating system of a machine: commands
// run, files read and written, file systems mounted, the system rebooted.
//
//	g := guest.NewAgent(conn, guest.Port)              // a guest of ours
//	g := guest.NewShell(console, guest.Login{})        // one with a shell on a terminal
//	g := guest.NewSSH(dial, config)                    // one with an SSH server
//	output, err := g.Output(ctx, "uname", "-r")
//	result, err := g.Run(ctx, guest.Command{
//		Args:   []string{"tar", "-x", "-C", "/srv"},
//		Stdin:  archive,
//		Stdout: os.Stdout,
//	})
//	err = g.PowerOff(ctx)
//
// # The agent
//
// [NewAgent] talks to the program of package guest/agent, which is the /init of
// guests that tests put together, over a connection of its own (a virtio-serial
// port, the vsock of [DialVsock], a further serial port) or over the console,
// which [SplitConsole] shares between the two. The agent greets when it is there; every method waits for
// that as long as its context lasts.
//
// Requests run side by side. Pipes carry any bytes, as fast as the channel does:
// some tens of megabytes per second over virtio-serial under TCG, a hundred
// kilobytes over a serial port, less towards the guest. Output that nobody takes
// holds up its command, and no other.
//
// The protocol numbers, checks and repeats what it sends. On a console it uses
// bytes only that neither ASCII nor UTF-8 text has: messages of the kernel may
// come at any place without damage to either. What is damaged nevertheless is
// sent again.
//
// When the context of a call ends, so does what it was about in the guest: a
// command is killed together with its process group. A guest that starts anew
// ends all calls with [ErrRestarted]; later ones go to the new agent.
//
// # A shell
//
// [NewShell] needs nothing in the guest but a POSIX shell on a terminal and what
// the smallest of systems have. It logs in if it is told how, types a script of
// some kilobytes, and has that run commands. Everything that the script prints
// is text with a length of its own, a number and a checksum, sent until the host
// has it; the host does not take more than it can, so output of any size comes as
// it is printed. Lines of the kernel that begin with their time do no harm
// wherever they are. Other text damages the frame that it is in, which is asked
// for again in smaller parts.
//
// Commands run one after another, at some tens of kilobytes per second.
//
// # SSH
//
// [NewSSH] connects, as often as it takes, to a server in the guest whose user
// has a POSIX shell. Commands run side by side.
//
// Over both, processes get signals as a shell starts them: a signal that ends a
// command is told from an exit status above 128 by its number alone. A reboot is
// asked of the guest's init, where it has one.
//
// # Errors
//
// Errors about files are [io/fs.ErrNotExist], [io/fs.ErrExist] and
// [io/fs.ErrPermission] where they are that in the guest. A command that was
// run and failed is no error of [Guest.Run], and an [*ExitError] of
// [Guest.Output].
package guest
