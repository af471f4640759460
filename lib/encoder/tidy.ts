// tf.tidy for functions that return a record of tensors: tfjs' own type only takes index-signature objects.
import { tf } from '../tensor';

/** Frees every tensor that `f` made, except those in what it returns. */
export function tidy<T>(f: () => T): T {
  return tf.tidy(f as unknown as () => tf.TensorContainer) as unknown as T;
}
