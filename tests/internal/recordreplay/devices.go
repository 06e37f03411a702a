package recordreplay

// Disk returns the arguments for QEMU that make a raw image the disk of a guest.
// device is its model with options, such as "virtio-blk-device". The guest reads
// the image; what it writes is lost, so that the replay finds the disk that the
// recording found.
func Disk(image, device string) []string {
	return []string{
		"-drive", "file=" + image + ",format=raw,snapshot=on,if=none,id=hd0",
		"-drive", "driver=blkreplay,if=none,image=hd0,id=hd0-rr",
		"-device", device + ",drive=hd0-rr",
	}
}

// Network returns the arguments for QEMU that give a guest a network card on
// QEMU's user network, whose packets are recorded.
func Network() []string {
	return []string{
		"-netdev", "user,id=vnet,hostfwd=tcp:127.0.0.1:0-:22",
		"-device", "virtio-net,netdev=vnet",
		"-object", "filter-replay,id=replay,netdev=vnet",
	}
}
