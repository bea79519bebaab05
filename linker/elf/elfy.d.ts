/** The part of elfy that is right for 64-bit BPF objects; the package has no types. */
declare module 'elfy' {
  const elfy: {
    parse(bytes: Buffer): {
      readonly class: string;
      readonly endian: string;
      readonly shoff: number;
      readonly shentsize: number;
      readonly body: {
        readonly sections: readonly {
          readonly name: string;
          readonly off: number;
          readonly size: number;
          readonly link: number;
          readonly info: number;
        }[];
      };
    };
  };
  export default elfy;
}
