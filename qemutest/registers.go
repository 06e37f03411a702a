package qemutest

import (
	"regexp"
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

// programCounter returns the program counter of the first CPU in the output of
// "info registers", in hexadecimal digits; "" when it finds none.
func programCounter(registers string) string {
	for _, re := range programCounters {
		if m := re.FindStringSubmatch(registers); m != nil {
			return m[1]
		}
	}
	return ""
}
