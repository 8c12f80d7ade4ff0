# want: 2 | expression
maximize =
params {
  x = [1]
}
