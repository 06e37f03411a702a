package screen_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"

	"github.com/qemutest/functional/qemutest/screen"
)

// letter is a plain PPM picture of a white T on blue.
const letter = `P3
4 3
255
0 0 99  255 255 255  255 255 255  255 255 255
0 0 99  0 0 99       255 255 255  0 0 99
0 0 99  0 0 99       255 255 255  0 0 99
`

func ExampleDecode() {
	picture, err := screen.Decode(strings.NewReader(letter))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(picture.Bounds(), picture.At(0, 0))
	_, err = screen.Decode(bytes.NewReader([]byte("P6 4 3 255 ")))
	fmt.Println(err)
	// Output:
	// (0,0)-(4,3) {0 0 99 255}
	// screen: ppm: row 1 of 3: unexpected EOF
}

func ExampleFind() {
	template, _ := screen.Decode(strings.NewReader(letter))
	display := image.NewRGBA(image.Rect(0, 0, 64, 48))
	draw.Draw(display, image.Rect(10, 20, 14, 23), template, image.Point{}, draw.Src)
	for _, match := range screen.Find(display, template, 0.95) {
		fmt.Printf("%v %.2f\n", match.Bounds, match.Score)
	}
	// Output:
	// (10,20)-(14,23) 1.00
}

func ExampleComparison() {
	want, _ := screen.Decode(strings.NewReader(letter))
	got := image.NewRGBA(want.Bounds())
	draw.Draw(got, got.Rect, want, image.Point{}, draw.Src)
	got.Set(0, 2, color.White)

	fmt.Println(screen.Comparison{}.Check(got, want))
	clock := image.Rect(0, 2, 1, 3)
	fmt.Println(screen.Comparison{Mask: screen.Except(want.Bounds().Size(), clock)}.Check(got, want))
	// Output:
	// expected the pictures to be the same, but 1 of 12 pixels differ by more than 0 (0 may), by up to 255, all within (0,2)-(1,3), the first at (0,2)
	// <nil>
}
