/** The program of docs/tour/java.md: it sorts and hashes until it is ended. */
import java.util.Arrays;

public class Busy {
  static long seed = 1;

  static int next() {
    seed = seed * 6364136223846793005L + 1442695040888963407L;
    return (int) (seed >>> 33);
  }

  static int[] numbers() {
    int[] numbers = new int[50_000];
    for (int i = 0; i < numbers.length; i++) numbers[i] = next();
    return numbers;
  }

  static long hash(int[] numbers) {
    long hash = 0;
    for (int round = 0; round < 40; round++)
      for (int number : numbers) hash = hash * 31 + Integer.rotateLeft(number, round);
    return hash;
  }

  public static void main(String[] arguments) {
    long sum = 0;
    for (;;) {
      int[] numbers = numbers();
      Arrays.sort(numbers);
      sum += hash(numbers);
      if (sum == 42) System.out.println(sum);
    }
  }
}
