// Package mips64el tests the mips64el target.
package mips64el
