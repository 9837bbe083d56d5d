import { html, raw } from 'hono/html'
import type { Html } from '#pages/html.ts'

export type Column<Row> = {
  title: string | Html
  cell: (row: Row) => Html | string | number
  /** Figures stand below each other at the right. */
  figures?: boolean
  /** The cell that names the row. */
  heading?: boolean
  /** For readers and narrow screens, where `title` is markup. */
  label?: string
  /** The rows stand in the order of this column. */
  sorted?: 'ascending' | 'descending'
}

/**
 * Rows and columns; on a narrow screen each row becomes a card whose lines carry the columns' names. The roles are said
 * because browsers forget that a table is one when its rows are laid out differently.
 */
export const table = <Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html => html`
  <div class="table-frame">
    <table class="table" role="table">
      <caption class="unseen">${caption}</caption>
      <thead role="rowgroup">
        <tr role="row">${columns.map(headOf)}</tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map((row) => html`<tr role="row">${columns.map((column) => cellOf(column, row))}</tr>`)}
      </tbody>
    </table>
  </div>`

const headOf = <Row>({ title, figures, sorted }: Column<Row>): Html =>
  html`<th scope="col" role="columnheader" class="${figures ? 'figures' : ''}" ${sorted ? raw(`aria-sort="${sorted}"`) : ''}>${title}</th>`

const cellOf = <Row>({ title, label, cell, figures, heading }: Column<Row>, row: Row): Html => {
  const name = label ?? (typeof title === 'string' ? title : '')
  const content = cell(row)
  if (heading) return html`<th scope="row" role="rowheader" data-label="${name}">${content}</th>`
  return html`<td role="cell" data-label="${name}" class="${figures ? 'figures' : ''}">${content}</td>`
}
