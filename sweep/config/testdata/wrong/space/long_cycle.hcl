# want: 4 | a -> c -> b -> a
maximize = "score"
params {
  a = [param.c]
  b = [param.a]
  c = [param.b]
}
data "points" {}
model "net" {}
