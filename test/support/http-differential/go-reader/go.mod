module sallyport/test/go-reader

go 1.21
