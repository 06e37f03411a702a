package vmstate

import "slices"

// The names below changed in QEMU without a change of the stream, so either
// is read as the other. The first of a pair is the older one.

// pair is an old and a new name of the same thing.
type pair [2]string

func (p pair) matches(a, b string) bool {
	return p[0] == a && p[1] == b || p[0] == b && p[1] == a
}

// same reports whether a and b are one name or the two names of a pair.
func same(pairs []pair, a, b string) bool {
	return a == b || slices.ContainsFunc(pairs, func(p pair) bool { return p.matches(a, b) })
}

// sameDescription reports whether a and b name the same state in a section.
func sameDescription(section, a, b string) bool {
	return same(renamedDescriptions[section], a, b)
}

// renamedSection returns the section with the given name or with the name
// that it had, or got, in another version of QEMU; nil if there is neither.
func (d *Dump) renamedSection(name string) *Section {
	if s := d.Section(name); s != nil {
		return s
	}
	for _, p := range renamedSections {
		switch name {
		case p[0]:
			return d.Section(p[1])
		case p[1]:
			return d.Section(p[0])
		}
	}
	return nil
}

var renamedSections = []pair{
	{"ICH9 LPC", "ICH9-LPC"},
	{"e1000-82540em", "e1000"},
}

// renamedDescriptions is keyed by section.
var renamedDescriptions = map[string][]pair{
	"ich9-ahci":          {{"ahci", "ich9_ahci"}},
	"ioh3420":            {{"PCIDevice", "PCIEDevice"}},
	"usb-mouse":          {{"usb-ptr-queue", "HIDPointerEventQueue"}},
	"usb-tablet":         {{"usb-ptr-queue", "HIDPointerEventQueue"}},
	"x3130-upstream":     {{"PCIDevice", "PCIEDevice"}},
	"xio3130-downstream": {{"PCIDevice", "PCIEDevice"}},
}

// renamedFields is keyed by description.
var renamedFields = map[string][]pair{
	"I440FX":     {{"dev", "parent_obj"}},
	"PIIX3":      {{"pci_irq_levels", "pci_irq_levels_vmstate"}},
	"acpi-ghes":  {{"ghes_addr_le", "hw_error_le"}},
	"apic":       {{"timer", "timer_expiry"}},
	"cirrus_vga": {{"hw_cursor_x", "vga.hw_cursor_x"}, {"hw_cursor_y", "vga.hw_cursor_y"}},
	"e1000":      {{"dev", "parent_obj"}},
	"ehci":       {{"dev", "pcidev"}},
	"esp":        {{"data_in_ready", "data_ready"}, {"ti_cmd", "mig_ti_cmd"}},
	"hpet":       {{"num_timers", "num_timers_save"}},
	"ich9_ahci":  {{"card", "parent_obj"}},
	"lsiscsi":    {{"dev", "parent_obj"}},
	"mch":        {{"d", "parent_obj"}},
	"pci_bridge": {{"bridge.dev", "parent_obj"}, {"bridge.dev.shpc", "shpc"}},
	"pcnet":      {{"pci_dev", "parent_obj"}},
	"qxl":        {{"num_surfaces", "ssd.num_surfaces"}},
	"rtl8139":    {{"dev", "parent_obj"}},
	"usb-ccid":   {{"abProtocolDataStructure", "abProtocolDataStructure.data"}},
	"usb-host":   {{"dev", "parent_obj"}},
	"vmware_vga": {{"card", "parent_obj"}},
	"xhci":       {{"pci_dev", "parent_obj"}},

	"ioh-3240-express-root-port": {
		{"port.br.dev", "parent_obj.parent_obj.parent_obj"},
		{"port.br.dev.exp.aer_log", "parent_obj.parent_obj.parent_obj.exp.aer_log"},
	},
	"piix4_pm": {
		{"dev", "parent_obj"},
		{"pci0_status", "acpi_pci_hotplug.acpi_pcihp_pci_status[0x0]"},
		{"pm1a.sts", "ar.pm1.evt.sts"},
		{"pm1a.en", "ar.pm1.evt.en"},
		{"pm1_cnt.cnt", "ar.pm1.cnt.cnt"},
		{"tmr.timer", "ar.tmr.timer"},
		{"tmr.overflow_time", "ar.tmr.overflow_time"},
		{"gpe", "ar.gpe"},
	},
	"spapr_pci": {
		{"dma_liobn[0]", "mig_liobn"},
		{"mem_win_addr", "mig_mem_win_addr"},
		{"mem_win_size", "mig_mem_win_size"},
		{"io_win_addr", "mig_io_win_addr"},
		{"io_win_size", "mig_io_win_size"},
	},
	"vmware_vga_internal": {{"depth", "new_depth"}},
	"xio3130-express-downstream-port": {
		{"port.br.dev", "parent_obj.parent_obj.parent_obj"},
		{"port.br.dev.exp.aer_log", "parent_obj.parent_obj.parent_obj.exp.aer_log"},
	},
	"xio3130-express-upstream-port": {
		{"br.dev", "parent_obj.parent_obj"},
		{"br.dev.exp.aer_log", "parent_obj.parent_obj.exp.aer_log"},
	},
}
