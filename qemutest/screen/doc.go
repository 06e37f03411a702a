// Package screen examines pictures of a guest's display: it reads the files
// that QEMU's screendump writes, compares a picture with another one, and finds
// a small picture in a large one. It knows nothing of QEMU: pictures are those
// of package [image].
//
//	got, err := screen.Open("screenshot.png")
//	...
//	err = screen.Comparison{Tolerance: 8}.Check(got, want)
//	logos := screen.Find(got, logo, 0.95)
//
// # Files
//
// [Open] and [Decode] read PNG, which screendump can write since QEMU 7.1 if it
// was built with libpng, and PPM, which every QEMU writes. Importing the package
// makes both known to [image.Decode].
//
// # Comparing
//
// A [Comparison] says what does not count: small differences of colour
// (Tolerance), parts of the picture (Mask), a number of pixels (MaxPixels).
// The zero value wants pictures to be the same. [Except] makes the mask that
// leaves rectangles out, such as the one where a clock ticks.
//
// # Finding
//
// [Find] is template matching by the normalized correlation coefficient: a part
// of the picture is found by its shape, whatever its brightness and contrast.
// That is OpenCV's TM_CCOEFF_NORMED, so thresholds can be taken over from
// there; unlike there, each place is reported once.
package screen
