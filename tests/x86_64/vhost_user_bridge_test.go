//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var vhostUserBridgeKernel = asset.New(
	"https://github.com/yodel/vhost-user-bridge-test/raw/refs/heads/main/bzImage",
	"8860d7aa59434f483542cdf25b42eacae0d4d4aa7ec923af9589d1ad4703d42b")

// The guest's packets go through a back end of vhost-user, over UDP back to
// QEMU, and there to the user network: a file comes into the guest by TFTP, and
// another one out of it by HTTP.
func TestX86VhostUserBridge(t *testing.T) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.CPU("host"),
		qemutest.Accel("kvm"),
		qemutest.Netdev("vhost-user"),
		qemutest.Netdev("socket"),
		qemutest.Netdev("hubport"),
		qemutest.Netdev("user"),
		qemutest.Device("virtio-net-pci"),
		qemutest.Command("stdbuf"),
		qemutest.Assets(vhostUserBridgeKernel))
	program := q.Build("contrib", "vhost-user-bridge", "vhost-user-bridge")

	const (
		hostText, hostHash   = "ba4c2e39-627f-487d-ae3b-93cc5d783eb8", "d2932e34bf6c17b33e7325140b691e27c191d9ac4dfa550f68c09506facb09b9"
		guestText, guestHash = "143d2b21-fdf0-4c5e-a9ef-f35ebbac8945", "14b64203f5cf2afe520f8be0fdfe630aafc1e85d1301f55a0d1681e68881f3a2"
	)
	const served = "vubr-test-uuid.txt"
	tftp := q.Scratch("tftp")
	q.Check(os.Mkdir(tftp, 0o755))
	q.Check(os.WriteFile(filepath.Join(tftp, served), []byte(hostText), 0o644))

	bridgePort, qemuPort := freeUDPPorts(q)
	socket := filepath.Join(q.SocketDir(), "vubr-test.sock")
	bridge := q.Start("vhost-user-bridge", "stdbuf", "-o0", "-e0", program, "-u", socket,
		"-l", fmt.Sprintf("127.0.0.1:%d", bridgePort), "-r", fmt.Sprintf("127.0.0.1:%d", qemuPort))
	bridge.WaitFor("Waiting for connections on UNIX socket")

	vm := linux.Boot{
		Kernel: q.Fetch(vhostUserBridgeKernel),
		Append: "console=ttyS0",
		Args: []string{
			"-accel", "kvm", "-smp", "2", "-m", "128M",
			"-object", "memory-backend-memfd,id=mem0,size=128M,share=on,prealloc=on",
			"-numa", "node,memdev=mem0",
			"-chardev", "socket,id=char0,path=" + socket,
			"-netdev", "vhost-user,id=vhost0,chardev=char0,vhostforce=on",
			"-device", "virtio-net-pci,netdev=vhost0",
			"-netdev", fmt.Sprintf("socket,id=udp0,udp=localhost:%d,localaddr=localhost:%d", bridgePort, qemuPort),
			"-netdev", "hubport,id=hub0,hubid=0,netdev=udp0",
			"-netdev", "user,id=user0,tftp=" + tftp + ",hostfwd=tcp:127.0.0.1:0-:8080",
			"-netdev", "hubport,id=hub1,hubid=0,netdev=user0",
		},
	}.Launch(q)
	const prompt = "~ # "
	vm.WaitFor(prompt)
	linux.Run(vm, "tftp -g -r "+served+" 10.0.2.2")
	if got := linux.Run(vm, "sha256sum "+served).Before; !strings.Contains(got, hostHash) {
		t.Fatalf("expected the file that came by TFTP to have the SHA-256 %s, but sha256sum wrote %q", hostHash, got)
	}
	linux.Run(vm, "echo -n "+guestText+" >/tmp/uuid.txt")
	linux.Run(vm, "cd /") // the server serves its working directory
	linux.Download{Path: "/tmp/uuid.txt", SHA256: guestHash}.Check(vm)
}

// freeUDPPorts returns two UDP ports of 127.0.0.1 that nobody uses now. The
// programs that will use them take only numbers.
func freeUDPPorts(q *qemutest.Test) (a, b int) {
	var ports [2]int
	for i := range ports {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		q.Check(err)
		defer conn.Close() // after both: they must differ
		ports[i] = conn.LocalAddr().(*net.UDPAddr).Port
	}
	return ports[0], ports[1]
}
