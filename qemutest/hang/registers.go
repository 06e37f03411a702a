package hang

import (
	"regexp"
	"strconv"
	"strings"
)

// programCounters find the program counter in what the human monitor prints
// for "info registers". Each target has its own layout; an earlier expression
// goes before a later one, because R15 is the program counter of arm but a
// general register of x86_64.
var programCounters = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|\s)[RE]IP=([0-9a-f]+)`),                  // x86
	regexp.MustCompile(`(?:^|\s)NIP\s+([0-9a-f]+)`),                   // ppc
	regexp.MustCompile(`PSW=mask [0-9a-f]+ addr ([0-9a-f]+)`),         // s390x
	regexp.MustCompile(`(?:^|\s)IA_F\s+(?:[0-9a-f]+:)?([0-9a-f]+)`),   // hppa
	regexp.MustCompile(`(?i)(?:^|\s)pc\s*[=:]?\s*(?:0x)?([0-9a-f]+)`), // most others
	regexp.MustCompile(`(?:^|\s)R15=([0-9a-f]+)`),                     // arm
}

// programCounter returns the program counter in the registers of one CPU.
func programCounter(registers string) (pc uint64, found bool) {
	for _, re := range programCounters {
		if m := re.FindStringSubmatch(registers); m != nil {
			pc, err := strconv.ParseUint(m[1], 16, 64)
			return pc, err == nil
		}
	}
	return 0, false
}

// cpuHead is the line that "info registers -a" puts before each CPU.
var cpuHead = regexp.MustCompile(`(?m)^CPU#(\d+)$`)

// splitCPUs takes the output of "info registers -a" apart: the registers of
// each CPU, by its index.
func splitCPUs(text string) map[int]string {
	cpus := map[int]string{}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	heads := cpuHead.FindAllStringSubmatchIndex(text, -1)
	for i, head := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		if index, err := strconv.Atoi(text[head[2]:head[3]]); err == nil {
			cpus[index] = text[head[1]:end]
		}
	}
	return cpus
}

// see adds one look at the registers to the CPUs.
func see(cpus []CPU, registers string) {
	of := splitCPUs(registers)
	for i := range cpus {
		cpu := &cpus[i]
		if pc, found := programCounter(of[cpu.Index]); found {
			cpu.PCs = append(cpu.PCs, pc)
		}
		if strings.Contains(of[cpu.Index], " HLT=1") { // of x86's registers
			cpu.Halted++
		}
	}
}
