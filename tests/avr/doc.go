// Package avr tests the avr target.
package avr
