package qemutest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Version requires a version of QEMU: an operator of >=, >, <=, <, ==, != and a
// version of up to three numbers, such as ">= 8.1". Numbers that are left out
// are not compared: "== 7.2" means every 7.2.x. Several conditions are separated by
// commas. why says what the versions outside lack; it becomes part of the
// reason of the skip.
func Version(constraint, why string) Requirement {
	return &requirement{
		name:  "version " + constraint,
		stage: StageEmulator,
		check: func(ctx context.Context, q *Test) error {
			conditions, err := parseConstraint(constraint)
			if err != nil {
				return err
			}
			version := q.capabilities.Version
			for _, c := range conditions {
				if !c.holds([3]int{version.Major, version.Minor, version.Micro}) {
					return Skipf(KindVersion, "needs QEMU %s, this is %d.%d.%d: %s",
						constraint, version.Major, version.Minor, version.Micro, why)
				}
			}
			return nil
		},
	}
}

// condition compares a version with one that may have fewer numbers.
type condition struct {
	operator string
	numbers  []int
}

func (c condition) holds(version [3]int) bool {
	order := 0
	for i, n := range c.numbers {
		if order = version[i] - n; order != 0 {
			break
		}
	}
	switch c.operator {
	case ">=":
		return order >= 0
	case ">":
		return order > 0
	case "<=":
		return order <= 0
	case "<":
		return order < 0
	case "!=":
		return order != 0
	default:
		return order == 0
	}
}

func parseConstraint(text string) ([]condition, error) {
	var conditions []condition
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		operator := part[:len(part)-len(strings.TrimLeft(part, "<>=!"))]
		switch operator {
		case ">=", ">", "<=", "<", "==", "!=":
		default:
			return nil, fmt.Errorf("version %q: expected an operator and a version, such as \">= 8.1\"", text)
		}
		fields := strings.Split(strings.TrimSpace(part[len(operator):]), ".")
		if len(fields) > 3 {
			return nil, fmt.Errorf("version %q: expected at most three numbers", text)
		}
		c := condition{operator: operator}
		for _, field := range fields {
			n, err := strconv.Atoi(field)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("version %q: expected numbers separated by dots, such as \">= 8.1\"", text)
			}
			c.numbers = append(c.numbers, n)
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}
