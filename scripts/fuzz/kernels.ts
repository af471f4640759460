// What the fuzzer knows of the addon's functions: one line a function, its arguments in order.
//   f(..)  d(..)  i(..)  u(..)   Float32Array, Float64Array, Int32Array, Uint8Array of that length; f?(..) may be null
//   i(..)<V              values in [0, V)
//   [f(..)]              a list of K arrays;  [num] a list of K numbers
//   layout(..)           the strided layout of binary kernels over arrays of that size
//   bool  num  'text'    a flag, a number in (0, 1), a fixed number
//   N                    a size drawn at random; H:G*2 a size computed from others
// Lengths are expressions over sizes. A call made by these rules must succeed (unless a size is 0); a call that breaks
// them may throw an Error that names the function, and must do nothing worse.
const unary = (names: string): [string, string][] => names.split(' ').map((name) => [name, 'f(N) f(N) N']);
const binary = (names: string): [string, string][] =>
  names.split(' ').map((name) => [name, 'f(N) f(N) f(N) layout(N)']);
const compare = (names: string): [string, string][] =>
  names.split(' ').map((name) => [name, 'f(N) f(N) u(N) layout(N)']);
const reduce = (names: string): [string, string][] =>
  names.split(' ').map((name) => [name, 'f(A*L*C) f(A*C) A L C num']);

export const KERNELS: Record<string, string> = Object.fromEntries([
  ...unary('Neg Square Sqrt Rsqrt Reciprocal Exp Log Tanh Sigmoid Erf Sin Cos Relu Abs Floor'),
  ...binary('Add Sub Multiply RealDiv Maximum Minimum SquaredDifference Pow'),
  ...compare('Equal NotEqual Less LessEqual Greater GreaterEqual'),
  ...reduce('Sum Prod Max Min'),
  ['softmax', 'f(N*V) f(N*V) N V bool'],
  ['ClipByValue', 'f(N) f(N) N num num'],
  ['Select', 'u(N) f(N) f(N) f(N) N'],
  ['AddN', '[f(N)] f(N) N'],
  ['Fill', 'f(N) N num'],
  ['castToInt', 'f(N) i(N) N'],
  ['castToFloat', 'i(N) f(N) N'],
  ['castBool', 'u(N) f(N) N'],
  ['copy', "f(N) f(N) '0' '0' layout(N)"],
  ['gather', 'f(B*O*V*D) i(B*N)<V f(B*O*N*D) B O V D N'],
  ['segmentSum', 'f(N*D) i(N)<V f(V*D) N D V'],
  ['oneHot', 'i(N)<V f(N*V) N V num num'],
  ['matmul', 'f(B*M*K) f(B*K*N) f(B*M*N) B M N K bool bool MK:M*K KN:K*N f?(N) bool'],
  ['linear', 'f(N*I) f(O*I) f?(O) N I O f(N*O)'],
  ['linearGradX', 'f(N*O) f(O*I) N I O f(N*I)'],
  ['linearGradWeight', 'f(N*O) f(N*I) N I O f(O*I) f?(O)'],
  ['columnSums', 'f(N*O) N O f(O)'],
  ['rmsNorm', 'f(N*D) f?(D) num N D f(N*D)'],
  ['rmsNormGrad', 'f(N*D) f?(D) f(N*D) num N D f(N*D) f?(D)'],
  ['layerNorm', 'f(N*D) f(B*D) f(B*D) num N:B*T D T f(N*D)'],
  ['layerNormGrad', 'f(N*D) f?(B*D) f(N*D) num N:B*T D T f(N*D) f(B*D) f(B*D)'],
  ['gatedResidual', 'f(B*T*D) f(B*D) f(B*T*D) B T D f(B*T*D)'],
  ['gatedResidualGrad', 'f(B*D) f(B*T*D) f(B*T*D) B T D f(B*D) f(B*T*D)'],
  ['fusedSilu', 'f(N) N f(N)'],
  ['fusedSiluGrad', 'f(N) f(N) N f(N)'],
  ['swiglu', 'f(N) f(N) N f(N)'],
  ['swigluGrad', 'f(N) f(N) f(N) N f(N) f(N)'],
  ['fusedGelu', 'f(N) N f(N)'],
  ['fusedGeluGrad', 'f(N) f(N) N f(N)'],
  ['rotary', 'f(B*T*H*dh) f(B*T*R) f(B*T*R) B T H dh:R*2 bool bool bool f(B*T*H*dh)'],
  ['embeddingRows', 'f(V*D) i(N)<V V D N f(N*D)'],
  ['embeddingGrad', 'i(N)<V f(N*D) V D N f(V*D)'],
  ['tokenLogProbs', 'f(N*V) i(N)<V N V f(N)'],
  ['tokenLogProbsGrad', 'f(N*V) i(N)<V f(N) N V f(N*V)'],
  ['headLogProbs', 'f(N*D) f(V*D) i(N)<V N D V num f(N) f(N)'],
  ['headLogProbsGrad', 'f(N*D) f(V*D) i(N)<V N D V num f(N) f(N) f(N*D) f(V*D)'],
  ['headCrossEntropy', 'f(N*D) f(V*D) i(N)<V N D V num f(N) f(N) f(N*D) f(V*D)'],
  ['headEntropy', 'f(N*D) f(V*D) i?(N)<V N D V num f(N)'],
  ['swigluMlp', 'f(N*D) f(F*D) f(F*D) f(O*F) N D F O f(N*F) f(N*F) f(N*F) f(N*O)'],
  [
    'swigluMlpGrad',
    'f(N*D) f(F*D) f(F*D) f(O*F) N D F O f(N*F) f(N*F) f(N*O) f(N*F) f(N*F) f(N*F) f?(N*D) f?(F*D) f?(F*D) f?(O*F)',
  ],
  ['geluMlp', 'f(N*D) f(F*D) f(F) f(O*F) f(O) N D F O f(N*F) f(N*F) f(N*O)'],
  [
    'geluMlpGrad',
    'f(N*D) f(F*D) f(O*F) N D F O f(N*F) f(N*O) f(N*F) f(N*F) f?(N*D) f?(F*D) f(F) f?(O*F) f(O)',
  ],
  ['drawTokens', 'f(M*ld) ld:V*R V M num num N d(M) i(M) d(M)'],
  ['philoxNormals', 'i(4) A B N f(N)'],
  ['adamw', '[f(N)] [f(N)] [f(N)] [f(N)] [num] num num num num num num num'],
  ['muon', '[f(R*C)] [f(R*C)] [f(R*C)] [num] R C num num N num num num'],
  ['sumOfSquares', '[f(N)]'],
  ['scaleInPlace', '[f(N)] num'],
  ['moveTowards', '[f(N)] [f(N)] num'],
  ['allocate', 'N'],
  ['threads', ''],
  ['hasBf16', ''],
  ['isa', ''],
  ['setPrecision', "'32'"],
  ['decodePrecision', ''],
]);
