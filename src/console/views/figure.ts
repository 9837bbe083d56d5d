const format = new Intl.NumberFormat('en')

/** 12,345 */
export const figure = (value: number): string => format.format(value)

/** 1 tenant, 12,345 tenants */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${figure(value)} ${value === 1 ? one : many}`
