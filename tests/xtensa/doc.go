// Package xtensa tests the xtensa target.
package xtensa
